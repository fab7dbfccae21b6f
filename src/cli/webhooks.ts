import { type Command, Option } from "commander";
import type { MadeWebhook, Webhook, Webhooks, WholeWebhookDelivery } from "../client/index.ts";
import {
  type DeliveryState,
  deliveryStates,
  type WebhookEvent,
  type WebhookFormat,
  webhookEvents,
  webhookFormats,
} from "../domain/webhooks.ts";
import { ago } from "./amounts.ts";
import { addClientFlags, type ClientFlags, printMore, serverOf } from "./client/flags.ts";
import { printJson, usageError } from "./output.ts";
import { printable, table } from "./table.ts";
import { wholeNumber } from "./values.ts";

interface AllFlags extends ClientFlags {
  all?: boolean;
}

interface SpecFlags extends AllFlags {
  format?: WebhookFormat;
  events?: WebhookEvent[];
  pipelines?: string[];
  description?: string;
}

interface PageFlags extends AllFlags {
  limit: number;
  cursor?: string;
}

const LONGEST_GRACE_HOURS = 168;

export function addWebhooks(program: Command): void {
  const webhooks = program
    .command("webhooks")
    .description("manage webhooks to your own address, Slack or Discord");
  const all = (name: string) =>
    addClientFlags(webhooks.command(name)).option("--all", "those of all users (operators only)");
  const pages = (command: Command) =>
    command
      .option("--limit <n>", "maximum number to list, up to 100", wholeNumber(1, 100), 20)
      .option("--cursor <cursor>", "continue after the previous page");

  pages(addClientFlags(webhooks.command("list", { isDefault: true })))
    .option("--all", "those of all users (operators only)")
    .description("list your webhooks and their health")
    .action(list);
  addSpecFlags(all("add <url>"))
    .description("add a webhook for your jobs, or with --all for everyone's")
    .action(async (url: string, flags: SpecFlags) =>
      print(await webhooksOf(flags).create({ url, ...specOf(flags) }), flags),
    );
  addSpecFlags(all("change <id>").option("--url <url>", "new address"))
    .description("change a webhook; omitted values are kept")
    .action(async (id: string, { url, ...flags }: SpecFlags & { url?: string }) =>
      print(await webhooksOf(flags).change(id, { url, ...specOf(flags) }), flags),
    );
  all("show <id>")
    .description("show a webhook and its health")
    .action(async (id: string, flags: AllFlags) => print(await webhooksOf(flags).get(id), flags));
  for (const [name, enabled] of [["enable", true] as const, ["disable", false] as const]) {
    all(`${name} <id>`)
      .description(enabled ? "enable a webhook" : "disable a webhook")
      .action(async (id: string, flags: AllFlags) =>
        print(await webhooksOf(flags).change(id, { enabled }), flags),
      );
  }
  all("rotate <id>")
    .description("rotate the secret; both secrets sign for a while")
    .option(
      "--grace <hours>",
      "hours that the old secret also signs",
      wholeNumber(0, LONGEST_GRACE_HOURS),
      24,
    )
    .action(async (id: string, { grace, ...flags }: AllFlags & { grace: number }) =>
      print(await webhooksOf(flags).rotateSecret(id, { graceHours: grace }), flags),
    );
  all("rm <id>").description("delete a webhook and its deliveries").action(remove);
  addDeliveries(all, pages);
}

function addDeliveries(all: (name: string) => Command, pages: (command: Command) => Command): void {
  all("test <id>")
    .description("send a test and show the response")
    .action(async (id: string, flags: AllFlags) => printDelivery(await webhooksOf(flags).test(id), flags));
  pages(all("deliveries <id>"))
    .addOption(new Option("--state <state>", "only those").choices(deliveryStates))
    .description("list deliveries, newest event first")
    .action(deliveries);
  all("delivery <id> <delivery>")
    .description("show a delivery with its attempts and responses")
    .action(async (id: string, delivery: string, flags: AllFlags) =>
      printDelivery(await webhooksOf(flags).delivery(id, delivery), flags),
    );
  all("retry <id> <delivery>")
    .description("retry a delivery now")
    .action(async (id: string, delivery: string, flags: AllFlags) => {
      const made = await webhooksOf(flags).retry(id, delivery);
      if (flags.json) return printJson(made);
      console.log(`${made.id}  ${made.state}`);
    });
  all("resend <id>")
    .description("resend all events since a given time, with the same ids")
    .requiredOption("--since <time>", "such as 2026-05-01T00:00:00Z")
    .option("--failed", "only failed deliveries")
    .action(
      async (id: string, { since, failed, ...flags }: AllFlags & { since: string; failed?: boolean }) => {
        if (Number.isNaN(Date.parse(since)))
          throw usageError("--since must be a time, such as 2030-01-31T08:00:00Z.");
        const what = { since: new Date(since).toISOString(), failedOnly: failed ?? false };
        print(await webhooksOf(flags).resend(id, what), flags);
      },
    );
}

function addSpecFlags(command: Command): Command {
  const several = <T extends string>(text: string) => text.split(",").map((one) => one.trim() as T);
  return command
    .addOption(new Option("--format <format>", "generic by default").choices(webhookFormats))
    .option("--events <events>", `separated by commas: ${webhookEvents.join(", ")}`, several<WebhookEvent>)
    .option("--pipelines <names>", "only jobs of these pipelines, separated by commas", several<string>)
    .option("--description <text>", "shown in lists");
}

function specOf({ format, events, pipelines, description }: SpecFlags) {
  return { format, events, pipelines, description };
}

async function list({ limit, cursor, ...flags }: PageFlags): Promise<void> {
  const page = await webhooksOf(flags).list({ limit, cursor });
  if (flags.json) return printJson(page);
  if (page.items.length === 0) return console.log("There are no webhooks yet.");
  const rows = page.items.map((one) => [one.id, one.format, one.url, stateOf(one), String(one.pending)]);
  console.log(
    table(
      ["id", "format", "url", "state", "waiting"].map((head) => ({ head })),
      rows,
    ),
  );
  printMore("webhooks list", page, flags);
}

async function deliveries(
  id: string,
  { state, limit, cursor, ...flags }: PageFlags & { state?: DeliveryState },
): Promise<void> {
  const page = await webhooksOf(flags).deliveries(id, { state, limit, cursor });
  if (flags.json) return printJson(page);
  if (page.items.length === 0) return console.log("Nothing has been delivered yet.");
  const rows = page.items.map((one) => [
    one.id,
    one.event,
    one.state,
    String(one.tries),
    one.last ? `${one.last.status ?? "no answer"} ${ago(one.last.at)}` : "",
    one.nextTryAt ?? "",
  ]);
  console.log(
    table(
      ["id", "event", "state", "tries", "last", "next"].map((head) => ({ head })),
      rows,
    ),
  );
  printMore(`webhooks deliveries ${id}`, page, flags);
}

async function remove(id: string, flags: AllFlags): Promise<void> {
  await webhooksOf(flags).remove(id);
  if (flags.json) return printJson({ id, removed: true });
  console.log(`${id}  removed`);
}

function webhooksOf({ all, ...flags }: AllFlags): Webhooks {
  const server = serverOf(flags);
  return all ? server.admin.webhooks : server.webhooks;
}

function stateOf({ enabled, disabledReason, health }: Webhook): string {
  if (!enabled) return `off (${disabledReason})`;
  return health.state === "closed" ? "on" : `on, failing since ${ago(health.failingSince!)}`;
}

function print(webhook: Webhook | MadeWebhook, flags: AllFlags): void {
  if (flags.json) return printJson(webhook);
  const { lastFailure, lastDeliveredAt, retryAt } = webhook.health;
  const secret = "secret" in webhook ? webhook.secret : null;
  printFacts([
    ["Webhook", webhook.id],
    ["Address", webhook.url],
    ["Format", webhook.format],
    ["Events of", webhook.everyone ? "everyone's jobs" : "your jobs"],
    ["Events", webhook.events.join(", ")],
    ["Pipelines", webhook.pipelines.join(", ")],
    ["Description", webhook.description],
    ["State", stateOf(webhook)],
    ["Next attempt", retryAt ?? ""],
    ["Last delivery", lastDeliveredAt ?? ""],
    ["Last failure", lastFailure ? `${lastFailure.at}: ${lastFailure.message}` : ""],
    ["Waiting", String(webhook.pending)],
    ["Secret", secret ?? ""],
  ]);
  if (secret !== null) console.log("\nSave the secret now. It will not be shown again.");
}

function printDelivery(delivery: WholeWebhookDelivery, flags: AllFlags): void {
  if (flags.json) return printJson(delivery);
  printFacts([
    ["Delivery", delivery.id],
    ["Event", delivery.event],
    ["State", delivery.state],
    ["Sent", delivery.request.body],
    ...delivery.attempts.map(({ at, status, error, ms, response }): [string, string] => [
      at,
      `${status ?? "no answer"} in ${ms} ms${error === null ? "" : `: ${error}`} ${response?.body ?? ""}`.trim(),
    ]),
  ]);
}

function printFacts(facts: [string, string][]): void {
  for (const [name, value] of facts) if (value !== "") console.log(`${name.padEnd(26)}${printable(value)}`);
}
