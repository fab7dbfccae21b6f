import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { desktop, koreanPhone, launchBrowser, openPage } from "./browser.ts";
import { type RunningServer, startServer } from "./server.ts";

/** Regenerates the images of the README from the built page: `node test/web/pictures.ts`. */

const root = join(import.meta.dirname, "..", "..");
const sample = (name: string) => join(root, "samples", name);
const sharpScreen = { deviceScaleFactor: 2 };

const names = ["mountains.jpg", "marbles.jpg", "sea.jpg", "dunes.jpg", "pines.jpg", "city-lights.jpg"];
const wide = { ...desktop, viewport: { width: 1120, height: 800 } };

async function convertAndJobPage(browser: Browser, url: string): Promise<void> {
  const page = await visit(browser, url, wide);
  await page.getByTestId("files").setInputFiles(names.map(sample));
  await page.getByLabel("Width", { exact: true }).fill("1280");
  await page.getByRole("radio", { name: "Text" }).check({ force: true });
  await page.getByLabel("Text", { exact: true }).last().fill("© Millrace");
  await page.getByText("smaller").first().waitFor();
  await page.setViewportSize({ width: 1120, height: 940 });
  await page.getByRole("heading", { level: 1 }).focus();
  await page.getByText("Format", { exact: true }).scrollIntoViewIfNeeded();
  await save(page, "convert.png");
  await page.setViewportSize(wide.viewport);

  await page.getByRole("button", { name: "Convert 6 images" }).click();
  await page.getByText("Everything is done.").first().waitFor();
  await page.getByRole("button", { name: "Compare mountains.jpg before and after" }).first().click();
  await page.getByRole("slider").waitFor();
  await save(page, "job.png");
}

async function phone(browser: Browser, url: string): Promise<void> {
  const page = await visit(browser, url, koreanPhone);
  await page.getByTestId("files").setInputFiles(names.map(sample));
  await page.getByRole("button", { name: "이미지 6장 변환" }).click();
  await page.getByText("모두 끝났습니다.").first().waitFor();
  await save(page, "dark-phone.png");
}

/** Takes the screenshot of the account page after some activity. */
async function account(browser: Browser, { url, output }: RunningServer): Promise<void> {
  while (!/\/invite#/.test(output())) await setTimeout(100);
  const page = await visit(browser, /http:\S+\/invite#\S+/.exec(output())![0], wide);
  await page.getByLabel("Email address").fill("ada@example.org");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Password", { exact: true }).fill("three unrelated words");
  await page.keyboard.press("Enter");
  await page.getByTestId("files").setInputFiles(names.map(sample));
  await page.getByRole("button", { name: "Convert 6 images" }).click();
  await page.getByText("Everything is done.").first().waitFor();
  await page.goto(`${url}/account`);
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Nightly backup");
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByText("Nightly backup").waitFor();
  await page.setViewportSize({ width: 1120, height: 980 });
  await page.getByRole("heading", { level: 1 }).focus();
  await save(page, "account.png");
}

async function visit(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  return (await openPage(browser, url, { ...options, ...sharpScreen })).page;
}

/** Uses a palette, which keeps text sharp and screenshots below 250 KB. */
async function save(page: Page, name: string): Promise<void> {
  // Removes the space for the scrollbar, which screenshots do not show.
  await page.evaluate('document.documentElement.style.scrollbarGutter = "auto"');
  await page.waitForTimeout(800);
  const shot = await page.screenshot({ animations: "disabled" });
  const path = join(root, "docs", "images", name);
  const { size, width, height } = await sharp(shot)
    .png({ palette: true, colours: 96, effort: 10, dither: 0.3 })
    .toFile(path);
  console.log(`${name}: ${width} × ${height}, ${Math.round(size / 1024)} KB`);
}

const data = await mkdtemp(join(tmpdir(), "millrace-pictures-"));
const server = await startServer({ data });
const accountData = await mkdtemp(join(tmpdir(), "millrace-pictures-"));
const withAccounts = await startServer({ data: accountData, env: { MILLRACE_AUTH: "on" } });
const browser = await launchBrowser();
try {
  await convertAndJobPage(browser, server.url);
  await phone(browser, server.url);
  await account(browser, withAccounts);
} finally {
  await browser.close();
  await server.stop();
  await withAccounts.stop();
  await rm(accountData, { recursive: true });
  await rm(data, { recursive: true });
}
