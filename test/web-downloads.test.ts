import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createClient } from "../src/client/index.ts";
import { accessibilityFaults } from "./web/accessibility.ts";
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
const sample = (name: string) => join(root, "samples", name);
const needed = chromiumPath !== undefined || process.env.CI === "true";

describe("downloads and options of single images on the page", () => {
  let folder = "";
  let browser: Browser;
  let server: RunningServer;

  beforeAll(async () => {
    if (!needed) return;
    if (!existsSync(join(root, "web", "dist", "index.html"))) {
      throw new Error("The page is not built: `npm run build -w web` does that.");
    }
    folder = await mkdtemp(join(tmpdir(), "millrace-web-downloads-"));
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

  /** Somebody who asks for an archive, takes its first bytes and waits. */
  async function hesitant(id: string): Promise<Socket> {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(`GET /v1/jobs/${id}/archive HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    await once(socket, "data");
    socket.pause();
    return socket;
  }

  test("the list and the page of a job show how far a download is, and when it was", async () => {
    const client = createClient({ url: server.url });
    const job = await client.run("test.bulky");
    const list = await openPage(browser, `${server.url}/jobs`, desktop);
    const one = await openPage(browser, `${server.url}/jobs/${job.id}`, koreanPhone);
    const row = list.page.getByRole("listitem").filter({ hasText: "Bulky" });
    await row.waitFor();
    await one.page.getByRole("link", { name: "모두 내려받기 (ZIP)" }).waitFor();

    const first = await hesitant(job.id);
    await row.getByText(/^Downloading \d+%$/).waitFor();
    await row.getByRole("progressbar", { name: "Download of Bulky" }).waitFor();
    await one.page.getByText(/^내려받는 중 \d+%$/).waitFor();
    for (const { page } of [list, one]) {
      expect(await page.evaluate(sidewaysOverflow)).toBeLessThanOrEqual(0);
      expect(await accessibilityFaults(page)).toEqual([]);
    }
    // A client that leaves has downloaded nothing.
    first.destroy();
    await expect.poll(() => row.getByText(/Download/).count()).toBe(0);
    await expect.poll(() => one.page.getByText(/^내려받는 중/).count()).toBe(0);

    const second = await hesitant(job.id);
    await row.getByText(/^Downloading \d+%$/).waitFor();
    second.resume();
    await row.getByText("Downloaded now").waitFor();
    await one.page.getByText("지금 내려받음").waitFor();
    second.destroy();
    await list.page.reload();
    await row.getByText("Downloaded now").waitFor();
    for (const { page } of [list, one]) expect(await accessibilityFaults(page)).toEqual([]);
    expect([...list.errors, ...one.errors]).toEqual([]);
  });

  test("one of several images has its own format and size", async () => {
    const { page, errors } = await openPage(browser, server.url, desktop);
    await page.getByTestId("files").setInputFiles([sample("sea.jpg"), sample("pines.jpg")]);
    await page.getByLabel("Width", { exact: true }).fill("320");
    await page.getByRole("button", { name: "Options for pines.jpg" }).click();
    const dialog = page.getByRole("dialog", { name: "Options for pines.jpg" });
    expect(await dialog.getByLabel("Width", { exact: true }).inputValue()).toBe("320");
    await dialog.getByRole("radio", { name: "PNG" }).check({ force: true });
    await dialog.getByLabel("Width", { exact: true }).fill("200");
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Done" }).click();
    const card = page.getByRole("listitem").filter({ hasText: "pines.jpg" });
    await card.getByText("PNG · 200 px").waitFor();
    await expect.poll(() => page.locator("figcaption").innerText(), { timeout: 20_000 }).toContain("→ 200 ×");

    await page.getByRole("button", { name: "Convert 2 images" }).click();
    await page.getByText("Everything is done.").first().waitFor();
    const row = (name: string) => page.getByRole("listitem").filter({ hasText: name }).first();
    expect(await row("sea.jpg").innerText()).toContain("320 ×");
    expect(await row("pines.jpg").innerText()).toContain("200 ×");
    const id = page.url().split("/").at(-1)!;
    const { items } = await createClient({ url: server.url }).job(id);
    expect(items.map(({ outputs, options }) => [outputs[0]!.name, options === null])).toEqual([
      ["sea.webp", true],
      ["pines.png", false],
    ]);
    expect(errors).toEqual([]);
  });

  test("an image keeps its own options when its job is converted again, and others can get some", async () => {
    const client = createClient({ url: server.url });
    const file = async (name: string) => ({ name, data: await readFile(sample(name)) });
    const own = { format: "png", width: 200 };
    const files = [await file("sea.jpg"), { ...(await file("pines.jpg")), options: own }];
    const before = await client.run("image.convert", { options: { format: "webp", width: 320 }, files });

    const { page, errors } = await openPage(browser, `${server.url}/jobs/${before.id}`, desktop);
    await page.getByRole("button", { name: "Convert again with other options" }).click();
    const reused = page.getByRole("region", { name: "Images of an earlier job" });
    const row = (name: string) => reused.getByRole("listitem").filter({ hasText: name });
    await row("pines.jpg").getByText("PNG · 200 px").waitFor();
    expect(await row("sea.jpg").innerText()).not.toContain(" px");
    expect(await page.getByLabel("Width", { exact: true }).inputValue()).toBe("320");
    await page.getByLabel("Width", { exact: true }).fill("160");
    await page.getByRole("button", { name: "Options for sea.jpg" }).click();
    const dialog = page.getByRole("dialog", { name: "Options for sea.jpg" });
    await dialog.getByRole("radio", { name: "JPEG" }).check({ force: true });
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Done" }).click();
    await row("sea.jpg").getByText("JPEG · 160 px").waitFor();
    await page.getByRole("button", { name: "Preview with pines.jpg" }).click();
    await expect.poll(() => page.locator("figcaption").innerText(), { timeout: 20_000 }).toContain("→ 200 ×");

    await page.getByRole("button", { name: "Convert 2 images" }).click();
    await page.waitForURL(/\/jobs\/./);
    const { items, options } = await client.wait(page.url().split("/").at(-1)!);
    expect(options).toMatchObject({ format: "webp", width: 160 });
    expect(items.map((item) => item.options)).toMatchObject([
      { format: "jpeg", width: 160 },
      { format: "png", width: 200 },
    ]);
    expect(items.map(({ outputs }) => outputs[0]!.mediaType)).toEqual(["image/jpeg", "image/png"]);
    expect(errors).toEqual([]);
  });

  test("on a Korean phone, one of several images from the web has its own format", async () => {
    const picture = await readFile(sample("sea.jpg"));
    const web = createServer((_, response) => response.end(picture)).listen(0, "127.0.0.1");
    await once(web, "listening");
    try {
      const { page, errors } = await openPage(browser, server.url, koreanPhone);
      const host = `127.0.0.1:${(web.address() as AddressInfo).port}`;
      await page.getByLabel("웹에 있는 이미지").fill(`http://${host}/a.jpg http://${host}/b.jpg`);
      await page.getByRole("button", { name: `${host}/b.jpg 옵션` }).click();
      const dialog = page.getByRole("dialog", { name: `${host}/b.jpg 옵션` });
      await dialog.getByRole("radio", { name: "PNG" }).check({ force: true });
      expect(await page.evaluate(sidewaysOverflow)).toBeLessThanOrEqual(0);
      expect(await accessibilityFaults(page)).toEqual([]);
      await dialog.getByRole("button", { name: "완료" }).click();
      const row = (name: string) => page.getByRole("listitem").filter({ hasText: `${host}/${name}` });
      await row("b.jpg").getByText("PNG", { exact: true }).waitFor();
      expect(await row("a.jpg").innerText()).not.toContain("PNG");
      expect(await page.evaluate(sidewaysOverflow)).toBeLessThanOrEqual(0);
      expect(await page.evaluate(namelessControls)).toEqual([]);
      expect(await accessibilityFaults(page)).toEqual([]);

      await page.getByRole("button", { name: "이미지 2장 변환" }).click();
      await page.waitForURL(/\/jobs\/./);
      const { items } = await createClient({ url: server.url }).wait(page.url().split("/").at(-1)!);
      expect(items.map(({ outputs }) => outputs[0]!.name)).toEqual(["a.webp", "b.png"]);
      expect(errors).toEqual([]);
    } finally {
      web.close();
    }
  });

  test("on a Korean phone, an image's own options are given up again", async () => {
    const { page, errors } = await openPage(browser, server.url, koreanPhone);
    await page.getByTestId("files").setInputFiles([sample("sea.jpg"), sample("pines.jpg")]);
    await page.getByRole("button", { name: "sea.jpg 옵션" }).click();
    const dialog = page.getByRole("dialog", { name: "sea.jpg 옵션" });
    await dialog.getByRole("radio", { name: "AVIF" }).check({ force: true });
    await dialog.getByLabel("너비", { exact: true }).fill("99999");
    expect(await page.evaluate(sidewaysOverflow)).toBeLessThanOrEqual(0);
    expect(await page.evaluate(namelessControls)).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);
    // What the server would refuse does not stay.
    await dialog.getByRole("button", { name: "완료" }).click();
    const card = page.getByRole("listitem").filter({ hasText: "sea.jpg" });
    await card.getByText("AVIF · q80").waitFor();
    await page.getByRole("button", { name: "sea.jpg 옵션" }).click();
    await dialog.getByRole("button", { name: "공통 옵션 사용" }).click();
    await page.keyboard.press("Escape");
    await expect.poll(() => card.getByText(/AVIF/).count()).toBe(0);
    expect(errors).toEqual([]);
  });
});
