import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createClient } from "../src/client/index.ts";
import { accessibilityFaults, watchLayoutShifts } from "./web/accessibility.ts";
import { chromiumPath, desktop, koreanPhone, launchBrowser, openPage } from "./web/browser.ts";
import { type RunningServer, startServer } from "./web/server.ts";

const root = join(import.meta.dirname, "..");
const sample = (name: string) => join(root, "samples", name);
/** Allows for a busy machine. */
const patience = { timeout: 60_000 };
const needed = chromiumPath !== undefined || process.env.CI === "true";

describe("the views of the page", () => {
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
    server = await startServer({ data: join(folder, "data") });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  beforeEach((context) => context.skip(!needed, "Chromium is not installed"));

  const client = () => createClient({ url: server.url });

  async function converted(...names: string[]) {
    const files = names.map(async (name) => new File([await readFile(sample(name))], name));
    const options = { format: "webp", width: 200 };
    return client().run("image.convert", { files: await Promise.all(files), options });
  }

  const figures = (page: Page) => page.locator("figcaption").innerText();
  const isInView = (element: Element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  };

  test("the first screen runs a sample with the options, in the page's own typeface, and nothing moves", async () => {
    const context = await browser.newContext(desktop);
    const page = await context.newPage();
    await page.addInitScript(watchLayoutShifts);
    await page.goto(server.url);
    await page.getByText(/^Sample/).waitFor();
    await expect.poll(() => figures(page), patience).toMatch(/about .* smaller/);
    const before = await figures(page);
    await page.getByRole("radio", { name: "JPEG" }).check({ force: true });
    await expect.poll(() => figures(page), patience).not.toBe(before);
    await page.getByRole("radio", { name: "AVIF" }).check({ force: true });
    await expect.poll(() => figures(page), patience).toMatch(/roughly \d/);
    expect(await page.evaluate("document.fonts.check('16px \"Millrace Sans\"')")).toBe(true);
    const shifts = (await page.evaluate("window.layoutShifts")) as [number, string[]][];
    expect(
      shifts.reduce((sum, [value]) => sum + value, 0),
      JSON.stringify(shifts),
    ).toBeLessThan(0.02);
  });

  test("what opens comes into view with the focus; nothing is red before it was tried", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    await page.getByTestId("files").setInputFiles(sample("sea.jpg"));
    await page.getByText("More options").click();
    const fit = page.getByLabel("Fit", { exact: true });
    await expect
      .poll(() => fit.evaluate((element) => element === document.activeElement), patience)
      .toBe(true);
    await expect.poll(() => fit.evaluate(isInView), patience).toBe(true);
    await page.getByText("Text", { exact: true }).click();
    const mark = page.getByPlaceholder("© Your name");
    await expect
      .poll(() => mark.evaluate((element) => element === document.activeElement), patience)
      .toBe(true);
    await expect.poll(() => mark.evaluate(isInView), patience).toBe(true);
    expect(await page.locator("[aria-invalid]").count()).toBe(0);
    await page.getByText("Enter the text of the watermark first.").waitFor();
    await mark.blur();
    await expect.poll(() => mark.getAttribute("aria-invalid"), patience).toBe("true");
    await page.getByRole("button", { name: "Convert 1 image" }).click({ force: true });
    await page.getByText("Enter the text, or choose “None”").waitFor();
    expect(await mark.getAttribute("aria-invalid")).toBe("true");
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('main *')].filter((e) => /auto|scroll/.test(getComputedStyle(e).overflowY) && e.scrollHeight > e.clientHeight + 1).length",
      ),
    ).toBe(0);
  });

  test("an image is pasted, compared and enlarged before it is converted; one of too many pixels is refused", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    await page.getByText("Drop images or folders here").waitFor();
    const bytes = (await readFile(sample("flower.png"))).toString("base64");
    await page.evaluate(`{
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob("${bytes}"), (one) => one.charCodeAt(0));
      data.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }`);
    await page.getByRole("img", { name: /Preview of pasted.png/ }).waitFor();
    const slider = page.getByRole("slider", { name: "How much of the image shows the result" });
    await slider.press("Home");
    expect(await slider.inputValue()).toBe("0");
    await slider.press("+");
    await page.getByRole("button", { name: "1.5×" }).or(page.getByText("1.5×")).first().waitFor();
    const zoomIn = page.getByRole("button", { name: "Zoom in" });
    const [frame, button] = [await page.getByRole("figure").boundingBox(), await zoomIn.boundingBox()];
    // Watermarks are on the right by default.
    expect(button!.x + button!.width).toBeLessThan(frame!.x + frame!.width / 2);
    await zoomIn.click();
    await page.getByText("3×").waitFor();
    await slider.press("0");
    await page.getByText("3×").waitFor({ state: "detached" });

    const huge = Buffer.from(await readFile(sample("flower.png")));
    huge.writeUInt32BE(50_000, 16);
    await writeFile(join(folder, "huge.png"), huge);
    await page.getByTestId("files").setInputFiles(join(folder, "huge.png"));
    await page.getByText("More than 50 megapixels").waitFor();
  });

  test("on a phone there is a camera and no drop zone, and the preview stays in view", async () => {
    const { page } = await openPage(browser, server.url, koreanPhone);
    await page.getByRole("button", { name: "사진 찍기" }).waitFor();
    expect(await page.getByText("이미지나 폴더를 여기에 놓으세요").isVisible()).toBe(false);
    expect(await page.getByRole("button", { name: "폴더 선택" }).isVisible()).toBe(false);
    await page.getByTestId("camera").setInputFiles(sample("sea.jpg"));
    const preview = page.getByRole("img", { name: /sea.jpg/ });
    await preview.waitFor();
    await page
      .getByRole("slider", { name: "품질" })
      .evaluate((element) => element.scrollIntoView({ block: "center" }));
    await expect.poll(() => preview.evaluate(isInView), patience).toBe(true);
    expect(await page.getByRole("slider", { name: "품질" }).evaluate(isInView)).toBe(true);
  });

  test("a job is known by its files, shows what it saved, and is converted again without an upload", async () => {
    const job = await converted("sea.jpg", "dunes.jpg");
    const { page } = await openPage(browser, `${server.url}/jobs/${job.id}`, desktop);
    await page.getByRole("heading", { name: "sea.jpg and 1 more" }).waitFor();
    await page.getByText(/^−\d+%$/).waitFor();
    await page.getByText(/^.* saved$/).waitFor();
    await page.getByText("sea.webp").first().waitFor();
    const sent: string[] = [];
    page.on("request", (request) => request.method() !== "GET" && sent.push(request.url()));
    await page.getByRole("button", { name: "Convert again with other options" }).click();
    await page.getByText("Already on the server").waitFor();
    await page.getByRole("img", { name: /Preview of sea.jpg/ }).waitFor();
    expect(await page.getByLabel("Width", { exact: true }).inputValue()).toBe("200");
    await page.getByLabel("Width", { exact: true }).fill("100");
    await page.getByRole("button", { name: "Convert 2 images" }).click();
    await page.waitForURL(/\/jobs\/./);
    await page.getByText("Everything is done.").first().waitFor();
    await page.getByText("100 × 67").first().waitFor();
    expect(sent.filter((url) => url.includes("/uploads"))).toEqual([]);
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Create link" }).click();
    const link = await page.getByRole("dialog").getByRole("textbox").first().inputValue();
    expect((await fetch(link)).headers.get("content-type")).toBe("application/zip");
  });

  test("jobs are searched by the name of a file, and several are deleted at once", async () => {
    await converted("pines.jpg");
    await converted("marbles.jpg");
    const { page } = await openPage(browser, `${server.url}/jobs`, desktop);
    await page.getByLabel("Search jobs").fill("MARBLES");
    await page.waitForURL(/q=MARBLES/);
    await page.getByRole("link", { name: "marbles.jpg" }).waitFor();
    await page.getByRole("link", { name: "pines.jpg" }).waitFor({ state: "detached" });
    await page.reload();
    expect(await page.getByLabel("Search jobs").inputValue()).toBe("MARBLES");
    await page.getByLabel("Search jobs").fill("");
    await page.getByLabel("Select marbles.jpg").check();
    await page.getByLabel("Select pines.jpg").check();
    await page.getByText("2 selected").waitFor();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "Delete 2 jobs" }).click();
    await page.getByRole("link", { name: "marbles.jpg" }).waitFor({ state: "detached" });
    expect((await client().jobs({ q: "pines" })).items).toEqual([]);
  });

  const views = ["/", "/jobs", "/pipelines", "/pipelines/image.convert", "/schedules", "/notifications"];
  const others = ["/webhooks", "/missing", "/login"];
  const ofOperators = [
    "queues",
    "workers",
    "jobs",
    "dead-letters",
    "operations",
    "webhooks",
    "replicas",
    "audit",
  ];
  const console = ["/admin", ...ofOperators.map((section) => `/admin/${section}`)];

  test.each<[string, BrowserContextOptions, string[]]>([
    ["in every view on a desktop", desktop, [...views, ...others, ...console]],
    ["in the main views on a Korean phone in the dark", koreanPhone, views],
  ])(
    "axe finds nothing wrong %s",
    async (_, options, paths) => {
      const job = await converted("flower.png");
      const { page, errors } = await openPage(browser, server.url, { ...options, reducedMotion: "reduce" });
      await page.getByTestId("files").setInputFiles(sample("sea.jpg"));
      await page.getByRole("img", { name: /sea.jpg/ }).waitFor();
      expect(await accessibilityFaults(page), "images chosen").toEqual([]);
      for (const path of [...paths, `/jobs/${job.id}`]) {
        await page.goto(new URL(path, server.url).href);
        await page.locator("h1").first().waitFor();
        expect.soft(await accessibilityFaults(page), path).toEqual([]);
      }
      expect(errors).toEqual([]);
    },
    300_000,
  );
});
