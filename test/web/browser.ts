import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, type BrowserContextOptions, chromium, type Page, type Request } from "playwright-core";

const candidates = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

export const chromiumPath = candidates.find((path) => path && existsSync(path));

export function launchBrowser(): Promise<Browser> {
  if (!chromiumPath) throw new Error("Chromium is not installed: `apt-get install chromium` brings it.");
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export const desktop: BrowserContextOptions = {
  viewport: { width: 1280, height: 860 },
  locale: "en-US",
  colorScheme: "light",
};

export const koreanPhone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  locale: "ko-KR",
  colorScheme: "dark",
  isMobile: true,
  hasTouch: true,
};

/** Opens a separate page, and collects its console errors, including violations of the content security policy. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
): Promise<{ page: Page; errors: string[] }> {
  // Without a GPU, animations take more CPU time than everything else.
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(url);
  return { page, errors };
}

/**
 * Returns a function that waits until the page has loaded nothing for half a second, or for 2 s. Unlike Playwright's
 * `networkidle`, it does not count the live stream, which never ends.
 */
export function watchLoading(page: Page): () => Promise<void> {
  const open = new Set<Request>();
  let changedAt = Date.now();
  const closed = (request: Request) => {
    if (open.delete(request)) changedAt = Date.now();
  };
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/v1/events") return;
    open.add(request);
    changedAt = Date.now();
  });
  page.on("requestfinished", closed);
  page.on("requestfailed", closed);
  return async () => {
    const until = Date.now() + 2_000;
    while (Date.now() < until && (open.size > 0 || Date.now() - changedAt < 500)) await sleep(50);
  };
}

/** Limits the page's upload speed. */
export async function throttleUploads(page: Page, bytesPerSecond: number): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const line = { latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond };
  await cdp.send("Network.emulateNetworkConditions", { offline: false, ...line });
}

/** Limits how many bytes the page may store. */
export async function limitStorage(page: Page, bytes: number): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: bytes });
}

/** Controls that a screen reader could not name. */
export const namelessControls = `
  [...document.querySelectorAll("button, a[href], input:not([type=hidden]):not([hidden]), select, textarea")]
    .filter((element) => {
      const labels = [...(element.labels ?? [])].map((label) => label.textContent).join("");
      const name = element.getAttribute("aria-label") || labels || element.textContent || element.title;
      return !element.hidden && name.trim() === "";
    })
    .map((element) => element.outerHTML.slice(0, 120))
`;

/** By how many pixels the page is wider than its window. */
export const sidewaysOverflow = "document.documentElement.scrollWidth - window.innerWidth";
