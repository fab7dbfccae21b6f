import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chromiumPath, desktop, launchBrowser, openPage } from "./web/browser.ts";
import { type RunningServer, startServer } from "./web/server.ts";

const root = join(import.meta.dirname, "..");
const needed = chromiumPath !== undefined || process.env.CI === "true";
const email = "ada@example.org";

describe("accounts on the page, with mail", () => {
  const mails: string[] = [];
  let folder = "";
  let browser: Browser;
  let server: RunningServer;
  let smtp: SMTPServer;

  beforeAll(async () => {
    if (!needed) return;
    if (!existsSync(join(root, "web", "dist", "index.html"))) {
      throw new Error("The page is not built: `npm run build -w web` does that.");
    }
    folder = await mkdtemp(join(tmpdir(), "millrace-web-mail-"));
    smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      onData(stream, _, done) {
        let text = "";
        stream.setEncoding("utf8");
        stream.on("data", (chunk: string) => {
          text += chunk;
        });
        stream.on("end", () => {
          mails.push(text.replaceAll("=\r\n", "").replaceAll("=3D", "="));
          done();
        });
      },
    });
    await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
    const { port } = smtp.server.address() as { port: number };
    browser = await launchBrowser();
    server = await startServer({
      data: join(folder, "data"),
      env: {
        MILLRACE_AUTH: "on",
        MILLRACE_REGISTRATION: "open",
        MILLRACE_SMTP: `smtp://127.0.0.1:${port}`,
        // The test opens links under the server's local URL instead.
        MILLRACE_PUBLIC_URL: "http://pictures.example",
      },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (smtp) await new Promise<void>((resolve) => smtp.close(resolve));
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  beforeEach((context) => context.skip(!needed, "Chromium is not installed"));

  /** Waits for the next mail that links to a page. Returns the link, with the server's local URL. */
  async function linkTo(page: string, after = 0): Promise<string> {
    const pattern = new RegExp(`http://pictures\\.example(${page}#[\\w-]+)`);
    const found = () => mails.slice(after).findLast((text) => pattern.test(text));
    await expect.poll(found, { timeout: 60_000 }).toBeTruthy();
    return server.url + pattern.exec(found()!)![1];
  }

  async function logIn(page: Page, password: string): Promise<void> {
    await page.getByLabel("Email address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
  }

  test("one registers, confirms the address, and sets a password that was forgotten", async () => {
    const { page } = await openPage(browser, `${server.url}/login`, desktop);
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByLabel("Email address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("three unrelated words");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Check your email" }).waitFor();

    await page.getByRole("link", { name: "Go to login" }).click();
    await logIn(page, "three unrelated words");
    await page.getByText("Confirm your email address first").waitFor();
    const before = mails.length;
    await page.getByRole("button", { name: "Send the link again" }).click();
    await page.getByRole("button", { name: "Sent. Check your email." }).waitFor();
    await page.goto(await linkTo("/verify", before));
    await page.getByRole("heading", { name: "Your email address is confirmed" }).waitFor();
    await page.reload();
    await page.getByText("This link no longer works").waitFor();

    await page.getByRole("link", { name: "Go to login" }).click();
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.getByLabel("Email address").fill(email);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Check your email" }).waitFor();
    await page.goto(await linkTo("/reset"));
    await page.getByLabel("New password").fill("four other little words");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Log in" }).click();
    await logIn(page, "four other little words");
    await page.getByRole("heading", { name: "Convert images" }).waitFor();
  });
});
