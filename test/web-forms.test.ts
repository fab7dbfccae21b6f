import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createClient } from "../src/client/index.ts";
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

describe("data, parts and schedules in a browser", () => {
  let folder = "";
  let browser: Browser;
  let server: RunningServer;

  beforeAll(async () => {
    if (!needed) return;
    if (!existsSync(join(root, "web", "dist", "index.html"))) {
      throw new Error("The page is not built: `npm run build -w web` does that.");
    }
    folder = await mkdtemp(join(tmpdir(), "millrace-web-"));
    browser = await launchBrowser();
    const env = { MILLRACE_OUTGOING_ALLOW: "127.0.0.1" };
    server = await startServer({ data: join(folder, "data"), env });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  beforeEach((context) => context.skip(!needed, "Chromium is not installed"));

  test("an item of data has a form, and many come from a file; what is wrong is said", async () => {
    const { page, errors } = await openPage(browser, `${server.url}/pipelines/test.report`, desktop);
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("This field is required").waitFor();
    await page.getByLabel("Region").fill("north");
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/\/jobs\/./);
    await page.getByText("north en", { exact: true }).waitFor();

    await page.goto(`${server.url}/pipelines/test.report`);
    await page.getByText("Many items", { exact: true }).click();
    const broken = join(folder, "broken.ndjson");
    await writeFile(broken, '{"region":"north"}\n{"region":\n');
    await page.getByTestId("items").setInputFiles(broken);
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByRole("alert").getByText("Line 2:").waitFor();
    const csv = join(folder, "many.csv");
    await writeFile(csv, "region,top\nnorth,5\nsouth,7\n");
    await page.getByTestId("items").setInputFiles(csv);
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/\/jobs\/./);
    await page.getByText("south en", { exact: true }).waitFor();
    expect(errors).toEqual([]);
  });

  test("how many parts of an item are done is live, and the job that a step started is linked", async () => {
    const { page } = await openPage(browser, `${server.url}/pipelines/test.lines`, desktop);
    const file = join(folder, "lines.txt");
    await writeFile(file, "one\ntwo\nbad\nfour");
    await page.getByTestId("files").setInputFiles(file);
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/\/jobs\/./);
    await page.getByText(/^[123] of 4 parts/).waitFor();
    await page.getByText(/^4 parts/).waitFor();
    await page.getByText("(1 failed)").waitFor();
    await page.getByText("Started 1 job").waitFor();
    await page.getByRole("link", { name: "test.report" }).click();
    await page.getByText("Started by the step tell of").waitFor();
    await page.getByText("north en", { exact: true }).waitFor();
  });

  test("the Convert page takes pictures by their addresses", async () => {
    const picture = await readFile(join(root, "samples", "sea.jpg"));
    const web = createServer((_, response) => response.end(picture)).listen(0, "127.0.0.1");
    await once(web, "listening");
    try {
      const { page } = await openPage(browser, server.url, desktop);
      const { port } = web.address() as AddressInfo;
      await page.getByLabel("Images from the web").fill(`http://127.0.0.1:${port}/sea.jpg`);
      await page.getByRole("button", { name: "Convert 1 image" }).click();
      await page.waitForURL(/\/jobs\/./);
      await page.getByText("Everything is done.").first().waitFor();
    } finally {
      web.close();
    }
  });

  test("a schedule is made by keyboard with its options and data, shows its next times, and starts jobs", async () => {
    const { page, errors } = await openPage(browser, `${server.url}/schedules`, desktop);
    await page.getByRole("button", { name: "New schedule" }).press("Enter");
    const pipeline = page.getByLabel("Pipeline");
    await expect.poll(() => pipeline.evaluate((element) => element === document.activeElement)).toBe(true);
    await pipeline.selectOption({ label: "Report" });
    await page.getByLabel("Name").fill("Mondays");
    await page.getByLabel("Cron expression").fill("30 8 * * 1");
    await page.getByLabel("Time zone").fill("Asia/Seoul");
    const preview = page.getByTestId("preview");
    await preview
      .getByText(/^Mon, .*8:30 AM GMT\+9$/)
      .first()
      .waitFor();
    expect(await preview.getByRole("listitem").count()).toBe(5);

    await page.getByRole("button", { name: "Create schedule" }).click();
    await page.getByText("This field is required").waitFor();
    await page.getByLabel("Region").fill("north");
    await page.getByLabel("Language", { exact: true }).last().selectOption("ko");
    await page.getByLabel("While the last job runs").selectOption("queue");
    await page.getByRole("button", { name: "Create schedule" }).press("Enter");

    const card = page.getByTestId("schedule").filter({ hasText: "Mondays" });
    await card.getByText("30 8 * * 1").waitFor();
    const { schedules } = createClient({ url: server.url });
    const [listed] = (await schedules.list()).items;
    expect(await schedules.get(listed!.id)).toMatchObject({
      name: "Mondays",
      pipeline: "test.report",
      items: [{ data: { region: "north" } }],
      options: { language: "ko" },
      timeZone: "Asia/Seoul",
      missed: "once",
      overlap: "queue",
    });
    await card.getByRole("button", { name: "Pause" }).press("Enter");
    await card.getByText("It starts no jobs until you resume it.").waitFor();
    await card.getByRole("button", { name: "Resume" }).press("Enter");
    await card
      .getByText(/^Mon, .*GMT\+9$/)
      .first()
      .waitFor();
    await card.getByRole("button", { name: "Run now" }).press("Enter");
    await card.getByRole("link", { name: "Show the last job" }).press("Enter");
    await page.waitForURL(/\/jobs\/./);
    await page.getByText("Everything is done.").first().waitFor();
    await page.goto(`${server.url}/schedules`);
    await card.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("There are no schedules yet").waitFor();
    expect(errors).toEqual([]);
  });

  test("an interval has many items from a file, and what is wrong is said beside its field", async () => {
    const { page } = await openPage(browser, `${server.url}/schedules`, desktop);
    await page.getByRole("button", { name: "New schedule" }).click();
    await page.getByLabel("Pipeline").selectOption({ label: "Report" });
    await page.getByLabel("Cron expression").fill("61 * * * *");
    await page
      .getByTestId("preview")
      .getByText(/cron: /)
      .waitFor();
    expect(await page.getByLabel("Cron expression").getAttribute("aria-invalid")).toBe("true");
    await page.getByText("At an interval", { exact: true }).click();
    await page.getByLabel("Every").fill("6");
    await page.getByLabel("Unit").selectOption("hours");
    await page.getByTestId("preview").getByRole("listitem").nth(4).waitFor();
    await page.getByText("Many items", { exact: true }).click();
    const csv = join(folder, "regions.csv");
    await writeFile(csv, "region,top\nnorth,5\nsouth,\n");
    await page.getByTestId("items").setInputFiles(csv);
    await page.getByRole("button", { name: "Create schedule" }).click();
    await page.getByTestId("schedule").getByText("every 6 hours").waitFor();
    const { schedules } = createClient({ url: server.url });
    const [listed] = (await schedules.list()).items;
    expect(await schedules.get(listed!.id)).toMatchObject({
      everySeconds: 21_600,
      items: [{ data: { region: "north", top: 5 } }, { data: { region: "south" } }],
    });
    await schedules.remove(listed!.id);
  });

  test("on a Korean phone in the dark it fits, and every control has a name", async () => {
    const { schedules } = createClient({ url: server.url });
    const items = [{ data: { region: "서울" } }];
    await schedules.create("test.report", { cron: "0 9 * * 1-5", timeZone: "Asia/Seoul", items });
    const { page, errors } = await openPage(browser, `${server.url}/schedules`, koreanPhone);
    await page.getByTestId("schedule").waitFor();
    await page.getByRole("button", { name: "새 일정" }).click();
    await page.getByRole("button", { name: "일정 만들기" }).waitFor();
    await page.getByTestId("preview").getByRole("listitem").first().waitFor();
    expect(await page.evaluate(sidewaysOverflow)).toBeLessThanOrEqual(0);
    expect(await page.evaluate(namelessControls)).toEqual([]);
    expect(errors).toEqual([]);
  });
});
