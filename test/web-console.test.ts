import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  chromiumPath,
  desktop,
  koreanPhone,
  launchBrowser,
  namelessControls,
  openPage,
  sidewaysOverflow,
} from "./web/browser.ts";
import { type RunningServer, startServer } from "./web/server.ts";

const root = join(import.meta.dirname, "..");
const needed = chromiumPath !== undefined || process.env.CI === "true";

describe("the console in a browser", () => {
  let folder = "";
  let browser: Browser;
  let server: RunningServer;
  let flag = "";

  beforeAll(async () => {
    if (!needed) return;
    if (!existsSync(join(root, "web", "dist", "index.html"))) {
      throw new Error("The page is not built: `npm run build -w web` does that.");
    }
    folder = await mkdtemp(join(tmpdir(), "millrace-console-"));
    flag = join(folder, "flag");
    browser = await launchBrowser();
    const env = { TEST_FLAG: flag, MILLRACE_OUTGOING_ALLOW: "127.0.0.0/8" };
    server = await startServer({ data: join(folder, "data"), env });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  beforeEach((context) => context.skip(!needed, "Chromium is not installed"));

  async function submit(pipeline: string, options: object, names: string[]): Promise<string> {
    const form = new FormData();
    form.set("pipeline", pipeline);
    form.set("options", JSON.stringify(options));
    for (const name of names) form.append("files", new Blob([`${name} ${Math.random()}`]), name);
    const response = await fetch(`${server.url}/v1/jobs`, { method: "POST", body: form });
    return ((await response.json()) as { id: string }).id;
  }

  const open = (path: string, options = desktop) => openPage(browser, server.url + path, options);
  const deadCount = (page: Page) => page.getByRole("link", { name: /^Dead letters/ }).innerText();

  test("a newcomer finds a dead letter, sees its input and its error, and replays it", async () => {
    await submit("test.flagged", {}, ["lost.txt", "good.txt"]);
    const { page, errors } = await open("/");
    await page.getByRole("link", { name: "Console" }).click();
    await page.getByText("1 task failed for good and can be replayed.").click();
    const group = page.getByTestId("dead-group").filter({ hasText: "The flag is not there." });
    await group.getByText("test.flagged/try").waitFor();
    const message = group.getByText("The flag is not there.");
    const hiddenPixels = () => message.evaluate((shown) => shown.scrollHeight - shown.clientHeight);
    expect(await hiddenPixels()).toBe(0);
    await group.getByRole("button", { name: "Hide step_failed" }).click();
    expect(await hiddenPixels()).toBeGreaterThan(0);
    await group.getByRole("button", { name: "Show 1 of step_failed" }).click();
    const letter = group.getByTestId("dead-letter");
    await letter.getByText("Preview").click();
    await letter
      .locator("pre")
      .getByText(/^lost\.txt/)
      .waitFor();
    await letter.getByRole("link", { name: "Timeline" }).click();
    await page.getByRole("list", { name: "Attempts over time" }).getByText("lost.txt").waitFor();
    await page.goBack();

    await writeFile(flag, "");
    await letter.getByRole("button", { name: "Replay lost.txt" }).click();
    await page.getByText("1 task runs again. Its attempts start over at 1.").waitFor();
    await page.getByRole("button", { name: "Replay now" }).click();
    await page.getByRole("heading", { name: "No dead letters" }).waitFor();
    await expect.poll(() => deadCount(page)).toBe("Dead letters");
    await rm(flag);
    expect(errors).toEqual([]);
  });

  test("all dead letters of an error are replayed: a canary first, which stops the rest, then all", async () => {
    await rm(flag, { force: true });
    const names = ["one.txt", "two.txt", "three.txt"];
    for (const name of names) await submit("test.flagged", {}, [name]);
    const { page, errors } = await open("/admin/dead-letters");
    const replay = page.getByRole("button", { name: "Replay all 3 of step_failed" });
    await replay.click();
    await page.getByText("3 tasks match.").waitFor();
    await page.getByRole("button", { name: "Replay 3 tasks" }).click();
    await page.waitForURL(/\/admin\/operations\/./);
    await page.getByText("Stopped", { exact: true }).first().waitFor();
    const count = (name: string) => page.locator("dt", { hasText: name }).locator("+ dd").innerText();
    expect(await count("Failed again")).toBe("1");
    expect(await count("Left")).toBe("2");

    await writeFile(flag, "");
    await page.goto(`${server.url}/admin/dead-letters`);
    await replay.click();
    await page.getByRole("switch", { name: "Count only" }).check({ force: true });
    await page.getByRole("button", { name: "Count", exact: true }).click();
    await page.getByText("3 match. Nothing has been done yet.").waitFor();
    await page.getByRole("button", { name: "Replay 3 tasks" }).click();
    await expect
      .poll(() => page.getByText("Done", { exact: true }).count(), { timeout: 60_000 })
      .toBeGreaterThan(0);
    expect(await count("Replayed")).toBe("3");
    await rm(flag);
    expect(errors).toEqual([]);
  });

  test("a webhook is added, tested and retried; its secret is shown once", async () => {
    const told: { headers: Record<string, unknown>; body: string }[] = [];
    let status = 200;
    const receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        told.push({ headers: request.headers, body });
        response.writeHead(status, { "content-type": "text/plain" }).end("thank you");
      });
    }).listen(0, "127.0.0.1");
    try {
      await once(receiver, "listening");
      const { port } = receiver.address() as AddressInfo;
      const { page, errors } = await open("/webhooks");
      await page.getByRole("button", { name: "Add webhook" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: "Add webhook" }).click();
      await dialog.getByText("Enter an address that begins with https://").waitFor();
      await dialog.getByLabel("Address").fill(`http://127.0.0.1:${port}/heard`);
      await dialog.getByLabel("Name").fill("My receiver");
      await dialog.getByRole("button", { name: "Add webhook" }).click();
      const secret = await page
        .getByLabel("Signing secret. Copy it now: it will not be shown again.")
        .inputValue();
      expect(secret).toMatch(/^whsec_/);
      await page.getByRole("button", { name: "I have copied it" }).click();
      await page.getByRole("heading", { level: 1, name: "My receiver" }).waitFor();
      expect(await page.content()).not.toContain(secret);

      await page.getByRole("button", { name: "Send a test" }).click();
      const result = page.getByRole("status", { name: "Test" });
      await result.getByText("HTTP 200", { exact: true }).waitFor();
      await result.getByText("thank you").waitFor();
      await submit("test.flagged", {}, ["good to hear.txt"]);
      const delivery = page.getByTestId("delivery").filter({ hasText: "Job done" });
      await delivery.getByText("Delivered").waitFor();
      const before = told.length;
      await delivery.getByRole("button", { name: "Retry Job done" }).click();
      await expect.poll(() => told.length).toBe(before + 1);
      expect(told.at(-1)!.headers["webhook-id"]).toBe(told.at(-2)!.headers["webhook-id"]);

      await page.getByRole("button", { name: "Resend…" }).click();
      await dialog.getByText(/^\d+ events? will be sent\.$/).waitFor();
      await dialog.getByRole("button", { name: "Cancel" }).click();

      await page.goto(`${server.url}/admin/webhooks`);
      await page.getByRole("row").filter({ hasText: "My receiver" }).getByText("Active").waitFor();
      status = 500;
      await submit("test.flagged", {}, ["good for nothing.txt"]);
      await page.goto(`${server.url}/admin`);
      await page.getByText("1 webhook endpoint failing or disabled.").click();
      await page.getByRole("row").filter({ hasText: "My receiver" }).getByText("Failing").waitFor();
      expect(errors).toEqual([]);
    } finally {
      receiver.close();
    }
  });

  test("a queue is paused and resumed, and the question says in numbers what that does", async () => {
    const { page } = await open("/admin/queues");
    await submit("test.slow", { steps: 600 }, ["a.txt"]);
    const row = page.getByRole("row").filter({ hasText: "test.slow/wait" });
    await row.getByText("Active").waitFor();
    await row.getByRole("button", { name: "Pause test.slow/wait" }).click();
    await page.getByText("1 running task will finish.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
    await row.getByText("Paused").waitFor();
    await submit("test.slow", { steps: 1 }, ["b.txt"]);
    await row.getByRole("button", { name: "Resume test.slow/wait" }).click();
    await page.getByText(/^1 ready task can start at once, on \d workers?\.$/).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
    await row.getByText("Paused").waitFor({ state: "hidden" });
  });

  test("jobs of everyone are found by the name of a file, and lead to their attempts", async () => {
    const id = await submit("test.flagged", {}, ["good needle.txt"]);
    await submit("test.flagged", {}, ["good hay.txt"]);
    const { page } = await open("/admin/jobs");
    await page.getByLabel("Search", { exact: true }).fill("needle");
    await page.keyboard.press("Enter");
    await page.getByText("1 job", { exact: true }).waitFor();
    await page.getByRole("link", { name: `Timeline of ${id}` }).click();
    await page.getByText("succeeded").waitFor();
    expect(new URL(page.url()).pathname).toBe(`/admin/jobs/${id}`);
  });

  test("a notification arrives live, is counted on the bell and read by following it", async () => {
    const { page, errors } = await open("/schedules");
    await page.getByRole("button", { name: /^Notifications/ }).waitFor();
    await fetch(`${server.url}/v1/notifications/read`, { method: "POST" });
    await page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
    const id = await submit("test.flagged", {}, ["good news.txt"]);
    await page.getByRole("button", { name: "Notifications: 1 unread" }).click();
    await page.getByRole("link", { name: "test.flagged: done (unread)" }).click();
    await page.waitForURL(`${server.url}/jobs/${id}`);
    await page.getByRole("button", { name: "Notifications", exact: true }).waitFor();
    await page.goto(`${server.url}/notifications`);
    await page.getByLabel("A job is done or canceled: Page").click();
    await page.getByText("Saved.").waitFor({ state: "attached" });
    await page.reload();
    await expect.poll(() => page.getByLabel("A job is done or canceled: Page").isChecked()).toBe(false);
    await page.getByLabel("A job is done or canceled: Page").click();
    expect(errors).toEqual([]);
  });

  test("on a Korean phone in the dark, every view fits and every control has a name", async () => {
    await submit("test.flagged", {}, ["a file with quite a long name that has to be broken somewhere.txt"]);
    const { page, errors } = await open("/admin", koreanPhone);
    for (const [path, heading] of [
      ["/admin", "현황"],
      ["/admin/queues", "대기열"],
      ["/admin/workers", "워커"],
      ["/admin/jobs", "전체 작업"],
      ["/admin/dead-letters", "실패 보관함"],
      ["/admin/operations", "일괄 처리"],
      ["/admin/webhooks", "웹훅"],
      ["/admin/replicas", "복제본"],
      ["/admin/audit", "감사 기록"],
      ["/webhooks", "웹훅"],
      ["/notifications", "알림"],
    ] as const) {
      await page.goto(server.url + path);
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      await page.waitForTimeout(500);
      expect(await page.evaluate(sidewaysOverflow), path).toBeLessThanOrEqual(0);
      expect(await page.evaluate(namelessControls), path).toEqual([]);
    }
    expect(errors).toEqual([]);
  });
});
