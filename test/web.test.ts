import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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
const sample = (name: string) => join(root, "samples", name);
const needed = chromiumPath !== undefined || process.env.CI === "true";

/** The share of black pixels in a canvas. */
const blackShare = (canvas: unknown) => {
  const { width, height } = canvas as { width: number; height: number };
  const context = (
    canvas as { getContext(kind: "2d"): { getImageData(...box: number[]): { data: number[] } } }
  ).getContext("2d");
  const { data } = context.getImageData(0, 0, width, height);
  let black = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at]! < 64) black++;
  return black / (width * height);
};

describe("the page in a browser", () => {
  let folder = "";
  let browser: Browser;
  let server: RunningServer;
  let flag = "";

  beforeAll(async () => {
    if (!needed) return;
    if (!existsSync(join(root, "web", "dist", "index.html"))) {
      throw new Error("The page is not built: `npm run build -w web` does that.");
    }
    folder = await mkdtemp(join(tmpdir(), "millrace-web-"));
    flag = join(folder, "flag");
    browser = await launchBrowser();
    server = await startServer({ data: join(folder, "data"), env: { TEST_FLAG: flag } });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  beforeEach((context) => context.skip(!needed, "Chromium is not installed"));

  async function textFiles(...names: string[]): Promise<string[]> {
    const paths = names.map((name) => join(folder, name));
    for (const path of paths) await writeFile(path, `${path} ${Math.random()}`);
    return paths;
  }

  /** Runs a pipeline with its generated form, and waits for the job's page. */
  async function runByForm(page: Page, pipeline: string, files: string[]): Promise<void> {
    await page.goto(`${server.url}/pipelines/${pipeline}`);
    await page.getByTestId("files").setInputFiles(files);
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/\/jobs\/./);
  }

  test("photographs go up, are converted and come down as a ZIP; one that is broken fails alone", async () => {
    const { page, errors } = await openPage(browser, server.url, desktop);
    const broken = join(folder, "broken.jpg");
    await writeFile(broken, (await readFile(sample("dunes.jpg"))).subarray(0, 40_000));
    await page
      .getByTestId("files")
      .setInputFiles([sample("sea.jpg"), sample("flower.png"), sample("ripples.webp"), broken]);

    await page.getByLabel("Width", { exact: true }).fill("320");
    await expect
      .poll(() => page.locator("figcaption").innerText(), { timeout: 60_000 })
      .toContain("1600 × 1067 → 320 × 213");
    await page.getByRole("button", { name: "Convert 4 images" }).click();

    await page.waitForURL(/\/jobs\/./);
    await page.getByText("Some files failed. The others are ready.").first().waitFor();
    // Retrying is pointless, because the file would still be broken.
    expect(await page.getByRole("button", { name: "Retry 1 failed" }).count()).toBe(0);
    const row = (name: string) => page.getByRole("listitem").filter({ hasText: name });
    expect(await row("sea.jpg").innerText()).toContain("320 × 213");
    expect(await row("broken.jpg").innerText()).toContain("The image cannot be read");

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download all (ZIP)" }).click(),
    ]);
    const zip = await readFile(await download.path());
    expect(zip.subarray(0, 2).toString()).toBe("PK");
    for (const name of ["sea.webp", "flower.webp", "ripples.webp", "manifest.json"]) {
      expect(zip.includes(name), name).toBe(true);
    }

    await row("sea.jpg").getByRole("button", { name: "Compare sea.jpg before and after" }).first().click();
    const slider = page.getByRole("slider", { name: "How much of the image shows the result" });
    await slider.press("Home");
    expect(await slider.inputValue()).toBe("0");
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(errors).toEqual([]);
  });

  test("a folder is dropped with all that is in it, and what is no picture is left out", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    await page.getByText("Drop images or folders here").waitFor();
    const tree = join(folder, "tree");
    await mkdir(join(tree, "deep", "deeper"), { recursive: true });
    await copyFile(sample("sea.jpg"), join(tree, "a.jpg"));
    await copyFile(sample("pines.jpg"), join(tree, "deep", "deeper", "a.jpg"));
    await writeFile(join(tree, "notes.txt"), "not a picture");
    const cdp = await page.context().newCDPSession(page);
    const data = { items: [], files: [tree, sample("dunes.jpg")], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await cdp.send("Input.dispatchDragEvent", { type, x: 400, y: 400, data });
    }
    await page.getByText("3 images").first().waitFor();
    await page.getByText("Skipped 1 file in the folder that is not an image.").waitFor();
  });

  test("a watermark picture is sent with the job, and its preview is drawn before", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    await page.getByTestId("files").setInputFiles(sample("sea.jpg"));
    const preview = page.getByRole("img", { name: /Preview of sea.jpg/ });
    const pixels = () =>
      preview.evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
    await preview.waitFor();
    const plain = await pixels();
    await page.getByRole("radio", { name: "Image" }).check({ force: true });
    await page.getByTestId("watermark").setInputFiles(sample("flower.png"));
    await expect.poll(pixels, { timeout: 60_000 }).not.toBe(plain);
    await page.getByRole("button", { name: "Convert 1 image" }).click();
    await page.getByText("Everything is done.").first().waitFor();
    await page.getByText("Options", { exact: true }).click();
    await page.getByText("Watermark · Image · Artifact id").waitFor();
  });

  test("what cannot be sent is said before the upload", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    const fake = join(folder, "fake.png");
    await writeFile(fake, "not a picture");
    await page.getByTestId("files").setInputFiles([sample("sea.jpg"), fake]);
    await page.getByText("Not an image that can be read").waitFor();
    const submit = page.getByRole("button", { name: /^Convert 2/ });
    expect(await submit.getAttribute("aria-disabled")).toBe("true");
    await page.getByRole("button", { name: "Remove it" }).click();
    await page.getByRole("button", { name: "Convert 1 image", disabled: false }).waitFor();
  });

  test("progress is live, resumes after the server was away, and a job can be cancelled", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    await runByForm(page, "test.slow", await textFiles("one.txt", "two.txt", "three.txt", "four.txt"));
    const bar = page.getByRole("progressbar", { name: "Progress of one.txt" });
    const value = async () => Number(await bar.getAttribute("aria-valuenow"));
    await expect.poll(value, { timeout: 60_000 }).toBeGreaterThan(5);
    const early = await value();
    await expect.poll(value).toBeGreaterThan(early);

    await server.stop("SIGKILL");
    await page.getByText("Cannot reach the server").waitFor();
    server = await startServer({
      data: join(folder, "data"),
      port: Number(new URL(server.url).port),
      env: { TEST_FLAG: flag },
    });
    await page.getByText("Connected again.").waitFor();
    await expect.poll(value, { timeout: 60_000 }).toBeGreaterThan(5);

    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByRole("button", { name: "Cancel job" }).click();
    await page.getByText("This job was canceled.").first().waitFor();
  });

  test("failed items are retried, and a job is deleted after asking", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    await runByForm(page, "test.flagged", await textFiles("good.txt", "bad.txt"));
    await page.getByRole("button", { name: "Retry 1 failed" }).waitFor();
    await writeFile(flag, "");
    await page.getByRole("button", { name: "Retry 1 failed" }).click();
    await page.getByText("Everything is done.").first().waitFor();

    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "Delete job" }).click();
    await page.waitForURL(/\/jobs$/);
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    expect(await page.getByRole("link", { name: "Flagged" }).count()).toBe(0);
  });

  test("any pipeline has a form that checks and sends its options", async () => {
    const { page } = await openPage(browser, `${server.url}/pipelines`, desktop);
    await page.getByRole("link", { name: "Form" }).click();
    const sizes = page.getByLabel("Size", { exact: true }).locator("option");
    await expect.poll(() => sizes.allTextContents()).toEqual(["small (default)", "large"]);
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("This field is required").waitFor();
    await page.getByLabel("Title").fill("Weekly");
    await page.getByLabel("Times").fill("10");
    await page.getByText("At most 9").waitFor();
    await page.getByLabel("Times").fill("5");
    await page.getByRole("switch", { name: "Loud" }).check({ force: true });
    await page.getByRole("switch", { name: "Frame" }).check({ force: true });
    await page.getByLabel("Width").fill("7");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("textbox", { name: "Entry 1" }).fill("red");
    await page.getByLabel("Day").fill("2026-11-30");
    await page.getByLabel("Start").fill("2026-11-30T08:30");
    expect(await page.getByLabel("Contact").getAttribute("type")).toBe("email");
    await page.getByLabel("Contact").fill("team@example.com");
    await page.getByLabel("Shape").selectOption({ label: "square" });
    await page.getByLabel("Side").fill("1.5");
    const request = page.getByRole("region", { name: "Send the same request with" });
    await request.getByText('"title":"Weekly"').waitFor();
    await request.getByText("TypeScript").click();
    await request.getByText('millrace.run("test.form"').waitFor();
    await request.getByText("Command", { exact: true }).click();
    await request.getByText("--option title=Weekly").waitFor();
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("Everything is done.").first().waitFor();
    const result = await page.getByRole("region", { name: "Files" }).getByText('{"title"').innerText();
    expect(JSON.parse(result)).toEqual({
      title: "Weekly",
      times: 5,
      loud: true,
      size: "small",
      tags: ["red"],
      day: "2026-11-30",
      start: new Date("2026-11-30T08:30").toISOString(),
      contact: "team@example.com",
      frame: { width: 7, colour: "red" },
      shape: { kind: "square", side: 1.5 },
    });
  });

  test("the list of jobs is live, and keeps its filters in the address", async () => {
    const { page } = await openPage(browser, `${server.url}/jobs`, desktop);
    const other = await openPage(browser, server.url, desktop);
    await runByForm(other.page, "test.slow", await textFiles("seen.txt"));
    const row = page.getByRole("listitem").filter({ hasText: "Slow" }).filter({ hasText: "Running" });
    await row.waitFor();
    await page.getByLabel("State").selectOption("succeeded");
    await page.waitForURL(/state=succeeded/);
    await page.reload();
    expect(await page.getByLabel("State").inputValue()).toBe("succeeded");
    await page.getByRole("listitem").filter({ hasText: "Done" }).first().waitFor();
    expect(await row.count()).toBe(0);
  });

  test("a full queue is said with the time to wait, and what was chosen is kept", async () => {
    // Without workers, the first job stays queued.
    const full = await startServer({
      data: join(folder, "full"),
      env: { MILLRACE_WORKERS: "0", MILLRACE_QUEUE_LIMIT: "1" },
    });
    try {
      const { page } = await openPage(browser, full.url, desktop);
      await page.getByTestId("files").setInputFiles(sample("sea.jpg"));
      await page.getByRole("button", { name: "Convert 1 image" }).click();
      await page.getByText("Waiting for a free worker…").waitFor();
      await page.getByRole("link", { name: "Convert", exact: true }).click();
      await page.getByTestId("files").setInputFiles([sample("dunes.jpg"), sample("pines.jpg")]);
      await page.getByRole("button", { name: "Convert 2 images" }).click();
      await page.getByText("The server is busy: its queue is full").waitFor();
      await page.getByRole("button", { name: /Try again/ }).waitFor();
      expect(await page.getByRole("button", { name: "Convert 2 images" }).isVisible()).toBe(true);
    } finally {
      await full.stop();
    }
  });

  test("a job that no worker can run says so in both languages, until one can", async () => {
    const data = join(folder, "unserved");
    const without = await startServer({ data, env: { MILLRACE_WORKERS: "0" } });
    const { port } = new URL(without.url);
    const { page } = await openPage(browser, without.url, desktop);
    try {
      await page.goto(`${without.url}/pipelines/test.slow`);
      await page.getByRole("button", { name: "Run" }).click();
      await page.waitForURL(/\/jobs\/./);
      await page.getByText("No worker runs version 1 of this pipeline").waitFor();
      const korean = await openPage(browser, page.url(), koreanPhone);
      await korean.page.getByText("이 파이프라인의 버전 1을(를) 실행할 워커가 없어").waitFor();
    } finally {
      await without.stop();
    }
    const server = await startServer({ data, port: Number(port), env: { MILLRACE_WORKERS: "1" } });
    try {
      const content = page.locator("#content");
      await content.getByText("Everything is done.").waitFor({ timeout: 40_000 });
      expect(await page.getByText("No worker runs version 1").count()).toBe(0);
    } finally {
      await server.stop();
    }
  });

  test("the files of every step are shown in place, and nothing in them runs", async () => {
    const { page, errors } = await openPage(browser, server.url, desktop);
    await page.goto(`${server.url}/pipelines/test.papers`);
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/\/jobs\/./);
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    const whole = page.getByRole("region", { name: "Result" });
    await whole.getByRole("button", { name: "Show all.csv" }).click();
    await whole.getByRole("columnheader", { name: "b" }).waitFor();
    const item = page.getByRole("region", { name: "Files" }).getByRole("listitem").first();
    await item.getByRole("list", { name: "Warnings" }).getByText("The print is faint.").waitFor();
    await item.getByText("2 steps").click();
    for (const name of ["note.txt", "sums.csv", "facts.json", "evil.html", "evil.svg", "paper.pdf"]) {
      await item.getByRole("button", { name: `Show ${name}` }).click();
    }
    await item.getByText("first line\nsecond line").waitFor();
    await item.getByRole("cell", { name: "Ada, the first" }).waitFor();
    await item.getByText('"number": 1').waitFor();
    await item.getByText("<script>parent.ran = ran = 1</script>").waitFor();
    await item.getByRole("img", { name: "evil.svg" }).waitFor();
    const paper = item.getByRole("img", { name: "Page 1 of 1" });
    await expect.poll(() => paper.evaluate(blackShare), { timeout: 60_000 }).toBeCloseTo(0.5, 1);
    expect(
      await page.evaluate("[typeof ran, document.querySelectorAll('iframe, object, embed').length]"),
    ).toEqual(["undefined", 0]);
    expect(dialogs).toEqual([]);

    const reference = item.getByRole("link", { name: /\.0\.\d+\.0$/ });
    const answer = await fetch(new URL((await reference.getAttribute("href"))!, server.url));
    expect(await answer.text()).toBe("the end");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Files of all steps (ZIP)" }).click(),
    ]);
    expect((await readFile(await download.path())).includes("steps/read/paper.pdf")).toBe(true);
    expect(errors).toEqual([]);
  });

  test("parts are listed live, and an operator sees why one failed", async () => {
    const { page, errors } = await openPage(browser, server.url, desktop);
    await page.goto(`${server.url}/pipelines/test.words`);
    await page.getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/\/jobs\/./);
    await page.getByText("All 6 parts").click();
    const parts = page.getByRole("list", { name: "All 6 parts" });
    const row = (name: string) => parts.getByRole("listitem").filter({ hasText: name }).first();
    const seen = new Set<string>();
    await expect
      .poll(
        async () => {
          seen.add(await row("six").innerText());
          return row("six").getByText("Done").isVisible();
        },
        { timeout: 60_000, interval: 100 },
      )
      .toBe(true);
    expect(seen.size).toBeGreaterThan(1);
    await row("two").getByText("TWO", { exact: true }).waitFor();
    await row("two").getByRole("button", { name: "Show two.txt" }).click();
    await row("two").locator("pre").getByText("two").waitFor();
    const wrong = row("wrong");
    await wrong.getByText("Attempts, for operators").click();
    const attempts = wrong.getByRole("list", { name: "Attempts, for operators" });
    await attempts
      .getByText(/TypeError: nobody has said[\s\S]*at mistaken/)
      .first()
      .waitFor();
    expect(await attempts.getByRole("listitem").count()).toBe(2);
    await page.getByText("Done, except for 1 part that failed.").first().waitFor();
    expect(errors).toEqual([]);
  });

  test("on a Korean phone in the dark, every page fits and every control has a name", async () => {
    const { page, errors } = await openPage(browser, server.url, koreanPhone);
    expect(
      await page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]"),
    ).toEqual(["ko", "dark"]);
    await page.getByTestId("files").setInputFiles([sample("sea.jpg"), sample("pines.jpg")]);
    await page.getByRole("button", { name: "이미지 2장 변환" }).click();
    await page.getByRole("link", { name: "모두 내려받기 (ZIP)" }).waitFor();
    const job = page.url();
    for (const url of ["/", "/jobs", "/pipelines", "/pipelines/test.form", "/pipelines/image.convert", job]) {
      await page.goto(new URL(url, server.url).href);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("load");
      expect(await page.evaluate(sidewaysOverflow), url).toBeLessThanOrEqual(0);
      expect(await page.evaluate(namelessControls), url).toEqual([]);
    }
    expect(errors).toEqual([]);
  });

  test("language and appearance are switched, and stay", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    await page.getByLabel("Language").selectOption("ko");
    await page.getByRole("heading", { name: "이미지 변환" }).waitFor();
    await page.getByLabel("화면 모드").selectOption("dark");
    await page.reload();
    await page.getByRole("heading", { name: "이미지 변환" }).waitFor();
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  });

  test("while accounts are off, nothing asks who one is", async () => {
    const { page, errors } = await openPage(browser, server.url, desktop);
    await page.getByRole("heading", { name: "Convert images" }).waitFor();
    await page.getByRole("button", { name: "Save these options as a preset" }).waitFor();
    expect(await page.getByRole("button", { name: /Account|Log in/ }).count()).toBe(0);
    await page.goto(`${server.url}/login`);
    await page.getByText("This server does not use accounts. You do not need to log in.").waitFor();
    for (const path of ["/account", "/users"]) {
      await page.goto(server.url + path);
      await page.getByRole("heading", { name: "This page does not exist" }).waitFor();
    }
    expect(errors).toEqual([]);
  });

  test("the keyboard alone reaches everything", async () => {
    const { page } = await openPage(browser, server.url, desktop);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Tab");
    const focused = () => page.evaluate("document.activeElement.textContent");
    expect(await focused()).toBe("Skip to content");
    await page.getByRole("radio", { name: "WebP" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("radio", { name: "AVIF" }).isChecked()).toBe(true);
    await page.getByRole("link", { name: "Jobs", exact: true }).press("Enter");
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    await expect.poll(focused).toBe("Jobs");
  });
});
