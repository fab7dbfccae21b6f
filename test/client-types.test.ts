import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import type * as accounts from "../src/client/account-types.ts";
import { type Client, createClient } from "../src/client/client.ts";
import type * as told from "../src/client/notifications.ts";
import { fileOption } from "../src/pipeline/file-option.ts";
import { definePipeline } from "../src/pipeline/pipeline.ts";
import type * as schemas from "../src/server/accounts/schemas.ts";
import type * as notices from "../src/server/notices/notice-view.ts";

const shout = definePipeline({
  name: "shout",
  version: 1,
  title: "Shout",
  accepts: { mediaTypes: ["text/plain"] },
  options: z.object({ times: z.int().default(1), sound: fileOption("A sound").optional() }),
}).each("upper", async (context) => ({ words: context.options.times }));

const count = definePipeline({
  name: "count",
  version: 1,
  title: "Count",
  options: z.object({ from: z.int() }),
})
  .each("one", () => 1)
  .all("sum", async () => "sum" as const);

const invoice = definePipeline({
  name: "invoice",
  version: 1,
  title: "Invoice",
  accepts: { data: z.object({ customer: z.string(), cents: z.int().default(0) }) },
}).each("write", (context) => `${context.data.customer} ${context.data.cents}`);

const client = createClient<{ shout: typeof shout; count: typeof count; invoice: typeof invoice }>({
  url: "http://127.0.0.1:1",
});
/** Never called: only its types matter. */
const typed = async () => {
  const byName = await client.run("shout", { options: { times: 2, sound: new Blob() } });
  expectTypeOf(byName.items[0]!.result).toEqualTypeOf<{ words: number } | null>();
  expectTypeOf(byName.result).toEqualTypeOf<null>();

  const byValue = await client.submit(count, { options: { from: 1 } });
  expectTypeOf(byValue.items[0]!.result).toEqualTypeOf<number | null>();
  expectTypeOf(byValue.result).toEqualTypeOf<"sum" | null>();
  expectTypeOf(await client.wait(byValue)).toEqualTypeOf<typeof byValue>();

  await client.run("shout", {
    options: { times: 2 },
    files: [new Blob(), { name: "a.txt", data: "a", options: { times: null } }],
  });
  // @ts-expect-error a number is required
  await client.run("shout", { files: [{ name: "a.txt", data: "a", options: { times: "2" } }] });

  // If nothing is required, the job can be omitted.
  await client.run("shout");
  // @ts-expect-error `from` is missing
  await client.run("count");
  // @ts-expect-error a number is required
  await client.run("count", { options: { from: "1" } });
  // @ts-expect-error there is no such option
  await client.run("shout", { options: { loud: true } });

  // Data has the input type: fields with defaults are optional.
  const invoices = await client.run("invoice", { items: [{ name: "a", data: { customer: "Ada" } }] });
  expectTypeOf(invoices.items[0]!.result).toEqualTypeOf<string | null>();
  // @ts-expect-error `customer` is required
  await client.run("invoice", { items: [{ data: { cents: 1 } }] });
  // @ts-expect-error it takes no data
  await client.run("shout", { items: [{ data: { cents: 1 } }] });

  const timing = { cron: "0 2 * * *", timeZone: "Europe/Berlin" };
  await client.schedules.create("invoice", { ...timing, items: [{ data: { customer: "Ada" } }] });
  // @ts-expect-error a number is required
  await client.schedules.create("count", { ...timing, options: { from: "1" } });
  // @ts-expect-error `cron` and `everySeconds` are exclusive
  await client.schedules.create("count", { ...timing, everySeconds: 5, options: { from: 1 } });

  // A pipeline that only the server knows accepts anything.
  const unknown = await client.run("other.pipeline", { options: { any: "thing" } });
  expectTypeOf(unknown.result).toBeAny();
};

test("options and results have the types of the pipeline", () => {
  expectTypeOf(typed).toBeFunction();
  expectTypeOf<Client>().toHaveProperty("run");
});

type Answer<Name extends keyof typeof schemas> = z.output<(typeof schemas)[Name] & z.ZodType>;

test("accounts have the types of the server's answers", () => {
  expectTypeOf<accounts.Me>().toEqualTypeOf<Answer<"me">>();
  expectTypeOf<accounts.User>().toEqualTypeOf<Answer<"anyUser">>();
  expectTypeOf<accounts.Quotas>().toEqualTypeOf<Answer<"quotas">>();
  expectTypeOf<accounts.Granted>().toEqualTypeOf<Answer<"granted">>();
  expectTypeOf<accounts.Session>().toEqualTypeOf<Answer<"session">>();
  expectTypeOf<accounts.ApiKey>().toEqualTypeOf<Answer<"apiKey">>();
  expectTypeOf<accounts.Invite>().toEqualTypeOf<Answer<"invite">>();
  expectTypeOf<accounts.SignInMeans>().toEqualTypeOf<Answer<"signInMeans">>();
});

test("notifications have the types of the server's answers", () => {
  expectTypeOf<told.Notification>().toEqualTypeOf<notices.NotificationView>();
  expectTypeOf<told.NotificationPreferences>().toEqualTypeOf<z.output<typeof notices.preferences>>();
});
