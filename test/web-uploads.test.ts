import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  chromiumPath,
  desktop,
  launchBrowser,
  limitStorage,
  openPage,
  throttleUploads,
} from "./web/browser.ts";
import { type RunningServer, startServer } from "./web/server.ts";

const needed = chromiumPath !== undefined || process.env.CI === "true";
const mib = 1024 * 1024;

describe("uploads of the page go on where they were cut", () => {
  let folder = "";
  let browser: Browser;
  let server: RunningServer;
  const data = () => join(folder, "data");

  beforeAll(async () => {
    if (!needed) return;
    folder = await mkdtemp(join(tmpdir(), "millrace-web-uploads-"));
    browser = await launchBrowser();
    server = await startServer({ data: data() });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  beforeEach((context) => context.skip(!needed, "Chromium is not installed"));

  /** Starts uploading files of these sizes. Returns while the upload is in progress. */
  async function beginUpload(sizes: number[], storage?: number) {
    const files = sizes.map((bytes, index) => ({
      path: join(folder, `${index}.bin`),
      bytes: randomBytes(bytes),
    }));
    for (const { path, bytes } of files) await writeFile(path, bytes);
    const { page } = await openPage(browser, `${server.url}/pipelines/test.large`, desktop);
    if (storage) await limitStorage(page, storage);
    await page.getByTestId("files").setInputFiles(files.map(({ path }) => path));
    await throttleUploads(page, 8 * mib);
    await page.getByRole("button", { name: "Run" }).click();
    await expect.poll(() => percent(page), { timeout: 60_000 }).toBeGreaterThan(25);
    return { page, hashes: files.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex")) };
  }

  async function percent(page: Page): Promise<number> {
    return Number(await page.getByRole("progressbar").getAttribute("aria-valuenow"));
  }

  /** Records how this page's uploads start from here on: created anew, or resumed at an offset. */
  function watchRequests(page: Page) {
    const seen = { created: 0, offsets: [] as number[] };
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/v1/uploads")) seen.created++;
      if (request.method() === "PATCH") seen.offsets.push(Number(request.headers()["upload-offset"]));
    });
    return seen;
  }

  async function inputHashes(page: Page): Promise<string[]> {
    await page.waitForURL(/\/jobs\/./);
    const answer = await fetch(new URL(page.url().replace("/jobs/", "/v1/jobs/")));
    const job = (await answer.json()) as { items: { input: { sha256: string } }[] };
    return job.items.map(({ input }) => input.sha256);
  }

  test("by a server that dies and comes back", async () => {
    const { page, hashes } = await beginUpload([18 * mib, 12 * mib, 5 * mib, 1_000, 0]);
    const seen = watchRequests(page);
    await server.stop("SIGKILL");
    await page.getByText("Connection lost.").waitFor();
    server = await startServer({ data: data(), port: Number(new URL(server.url).port) });
    await page.getByText("Connected again.").waitFor();
    await throttleUploads(page, -1);
    expect(await inputHashes(page)).toEqual(hashes);
    // Only the uploads that had not started before are new.
    expect(seen.created).toBe(2);
  });

  test("by a reload of the page", async () => {
    const { page, hashes } = await beginUpload([18 * mib, 16 * mib]);
    await page.getByText("You can close or reload this page").waitFor();
    await page.reload();
    const offer = page.getByRole("listitem").filter({ hasText: "An upload of 2 files was interrupted" });
    await offer.waitFor();
    const seen = watchRequests(page);
    await page.goto(server.url);
    await throttleUploads(page, -1);
    await offer.getByRole("button", { name: "Resume" }).click();
    expect(await inputHashes(page)).toEqual(hashes);
    expect(seen.created).toBe(0);
    expect(Math.min(...seen.offsets)).toBeGreaterThan(0);
    await page.reload();
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await offer.count()).toBe(0);
  });

  test("or say that they could not, where the browser keeps no copy", async () => {
    const { page } = await beginUpload([30 * mib], mib);
    await page.getByText("The browser has no room for a copy").waitFor();
    await page.getByRole("button", { name: "Cancel the upload" }).click();
    await page.getByRole("button", { name: "Run" }).waitFor();
  });

  test("or are given up", async () => {
    const { page } = await beginUpload([30 * mib]);
    await page.getByText("You can close or reload this page").waitFor();
    await page.reload();
    const discard = page.getByRole("button", { name: "Discard" });
    await discard.click();
    await discard.waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForTimeout(300);
    expect(await discard.count()).toBe(0);
  });
});
