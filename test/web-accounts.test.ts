import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  chromiumPath,
  desktop,
  koreanPhone,
  launchBrowser,
  namelessControls,
  openPage,
  sidewaysOverflow,
  watchLoading,
} from "./web/browser.ts";
import { type RunningServer, startServer } from "./web/server.ts";

const root = join(import.meta.dirname, "..");
const sample = (name: string) => join(root, "samples", name);
const needed = chromiumPath !== undefined || process.env.CI === "true";
const password = "three unrelated words";

describe("accounts on the page", () => {
  let folder = "";
  let browser: Browser;
  let server: RunningServer;
  let admin: Page;

  beforeAll(async () => {
    if (!needed) return;
    if (!existsSync(join(root, "web", "dist", "index.html"))) {
      throw new Error("The page is not built: `npm run build -w web` does that.");
    }
    folder = await mkdtemp(join(tmpdir(), "millrace-web-accounts-"));
    browser = await launchBrowser();
    server = await startServer({ data: join(folder, "data"), env: { MILLRACE_AUTH: "on" } });
    const link = /http:\S+\/invite#\S+/;
    await vi.waitFor(() => expect(server.output()).toMatch(link), 10_000);
    admin = await acceptInvite(link.exec(server.output())![0], "ada@example.org");
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  beforeEach((context) => context.skip(!needed, "Chromium is not installed"));

  /** Accepts an invite in a separate browser context, which is then logged in. */
  async function acceptInvite(link: string, email: string): Promise<Page> {
    const { page } = await openPage(browser, link, desktop);
    const field = page.getByLabel("Email address");
    if (await field.isEditable()) await field.fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Convert images" }).waitFor();
    return page;
  }

  /** Makes an invite as the admin. */
  async function invite(email: string): Promise<string> {
    await admin.goto(`${server.url}/users`);
    await admin.getByRole("button", { name: "Invite a user" }).click();
    await admin.getByLabel("Email address", { exact: true }).fill(email);
    await admin.getByRole("button", { name: "Create invite" }).click();
    return admin.getByLabel("Link").inputValue();
  }

  async function newUser(email: string): Promise<Page> {
    return acceptInvite(await invite(email), email);
  }

  async function logIn(page: Page, email: string, given = password): Promise<void> {
    await page.getByLabel("Email address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(given);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
  }

  test("who is not logged in is led to the login, told what is wrong, and brought back", async () => {
    const { page, errors } = await openPage(browser, `${server.url}/jobs?state=failed`, desktop);
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    expect(new URL(page.url()).search).toBe("?next=%2Fjobs%3Fstate%3Dfailed");
    expect(await page.getByRole("navigation").count()).toBe(0);
    expect(await page.evaluate("document.activeElement.name")).toBe("email");
    expect(errors).toEqual([]);

    await page.keyboard.type("ada");
    await page.keyboard.press("Tab");
    expect(await page.locator("[aria-invalid=true]").count()).toBe(0);
    await page.keyboard.press("Enter");
    await page.getByText("Enter your email address, such as ada@example.org.").waitFor();
    await expect.poll(() => page.evaluate("document.activeElement.name")).toBe("email");

    await logIn(page, "ada@example.org", "not her password");
    expect(await page.getByRole("alert").innerText()).toContain("The email address or the password is wrong");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${server.url}/jobs?state=failed`);
    await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
  });

  test("a password that is too short is said when the form is sent, a common one by the server", async () => {
    const { page } = await openPage(browser, await invite("ben@example.org"), desktop);
    expect(await page.getByLabel("Email address").inputValue()).toBe("ben@example.org");
    expect(await page.getByLabel("Email address").isEditable()).toBe(false);
    await page.getByLabel("Password", { exact: true }).fill("short");
    expect(await page.locator("[aria-invalid=true]").count()).toBe(0);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("Use at least 10 characters.").waitFor();
    await page.getByLabel("Password", { exact: true }).fill("password12");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Choose another password").waitFor();
  });

  test("an access token that has expired is replaced without a word", async () => {
    const page = await newUser("carol@example.org");
    const context = page.context();
    await context.clearCookies({ name: "millrace_access" });
    await page.getByRole("link", { name: "Jobs", exact: true }).click();
    await page.getByText("No jobs yet").waitFor();
    await context.clearCookies({ name: "millrace_access" });
    await page.reload();
    await page.getByText("No jobs yet").waitFor();
    const names = (await context.cookies()).map(({ name }) => name);
    expect(names).toContain("millrace_access");
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  test("when the session is ended elsewhere, one logs in again over the page and loses nothing", async () => {
    const page = await newUser("dora@example.org");
    await page.getByTestId("files").setInputFiles([sample("sea.jpg"), sample("pines.jpg")]);
    await page.getByRole("button", { name: "Convert 2 images" }).waitFor();
    const other = await openPage(browser, `${server.url}/account`, desktop);
    await logIn(other.page, "dora@example.org");
    await other.page.getByRole("button", { name: /^Log out Chrome/ }).click();
    await expect.poll(() => other.page.getByRole("button", { name: /^Log out Chrome/ }).count()).toBe(0);

    await page.getByRole("button", { name: "Convert 2 images" }).click();
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.getByLabel("Password", { exact: true }).fill(password);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/jobs\/./);
    await page.getByRole("link", { name: "Download all (ZIP)" }).waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  test("logging out empties every tab; logging out everywhere ends other browsers too", async () => {
    const page = await newUser("emil@example.org");
    const tab = await page.context().newPage();
    await tab.goto(`${server.url}/jobs`);
    await tab.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
    const other = await openPage(browser, `${server.url}/account`, desktop);
    await logIn(other.page, "emil@example.org");
    await other.page.getByRole("button", { name: "Log out everywhere" }).click();
    await other.page.getByRole("dialog").getByRole("button", { name: "Log out everywhere" }).click();
    await other.page.waitForURL(/\/login$/);

    // The live stream may have reported it already, and then the dialog covers the link.
    const ended = page.getByRole("dialog", { name: "Your session has ended" });
    await Promise.any([page.getByRole("link", { name: "Jobs", exact: true }).click(), ended.waitFor()]);
    await ended.waitFor();
    await page.getByRole("button", { name: "Use another account" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await tab.getByRole("heading", { name: "Log in" }).waitFor();
  });

  test("an API key is shown once, works, and is refused when it is revoked", async () => {
    const page = await newUser("fred@example.org");
    await page.goto(`${server.url}/account`);
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("backup");
    await page.keyboard.press("Enter");
    const key = await page.getByLabel("Copy it now. It will not be shown again.").inputValue();
    // Selected, so that it can be copied right away.
    expect(await page.evaluate("getSelection().toString()")).toBe(key);
    const me = () => fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
    expect(await (await me()).json()).toMatchObject({ email: "fred@example.org", scopes: ["jobs"] });
    await page.getByRole("button", { name: "I have copied it" }).click();
    await page.reload();
    await page.getByText("backup").waitFor();
    expect(await page.content()).not.toContain(key);
    await page.getByRole("button", { name: "Revoke backup" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("No keys yet.").waitFor();
    await expect.poll(async () => (await me()).status).toBe(401);
  });

  test("a password is changed, and an account deleted, by who knows the password", async () => {
    const page = await newUser("gina@example.org");
    await page.goto(`${server.url}/account`);
    await page.getByLabel("Current password").fill("not her password");
    await page.getByLabel("New password").fill("four other little words");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("The current password is wrong").waitFor();
    await page.getByLabel("Current password").fill(password);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Your password was changed.").last().waitFor();

    await page.getByRole("button", { name: "Delete account…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Password", { exact: true }).fill("four other little words");
    await dialog.getByRole("button", { name: "Delete account and data" }).click();
    await page.waitForURL(/\/login$/);
    await logIn(page, "gina@example.org", "four other little words");
    await page.getByText("The email address or the password is wrong").waitFor();
  });

  test("an admin gives quotas, makes a reset link and disables; a user sees nothing of it", async () => {
    const page = await newUser("hana@example.org");
    await page.goto(`${server.url}/users`);
    await page.getByRole("heading", { name: "This page does not exist" }).waitFor();

    await admin.goto(`${server.url}/users`);
    const manage = () => admin.getByRole("button", { name: "Manage hana@example.org" }).click();
    await manage();
    await admin.getByLabel("Unfinished jobs").selectOption("own");
    await admin.getByRole("spinbutton", { name: "Unfinished jobs" }).fill("7");
    await admin.getByRole("button", { name: "Save changes" }).click();
    await expect.poll(() => admin.getByRole("dialog").count()).toBe(0);
    await page.goto(`${server.url}/account`);
    await page.getByText("0 of 7").waitFor();

    await manage();
    await admin.getByRole("button", { name: "Create a reset link" }).click();
    const link = await admin.getByLabel(/^The user can set a new password/).inputValue();
    const { page: visitor } = await openPage(browser, link, desktop);
    await visitor.getByRole("heading", { name: "Set your password" }).waitFor();
    await visitor.getByLabel("New password").fill("five words that nobody knows");
    await visitor.keyboard.press("Enter");
    await visitor.getByRole("heading", { name: "Your password is set" }).waitFor();
    await visitor.getByRole("link", { name: "Log in" }).click();
    await logIn(visitor, "hana@example.org", "five words that nobody knows");
    await visitor.getByRole("heading", { name: "Convert images" }).waitFor();

    await admin.getByRole("button", { name: "Disable" }).click();
    await admin
      .getByRole("listitem")
      .filter({ hasText: "hana@example.org" })
      .getByText("Disabled", { exact: true })
      .waitFor();
    // The event stream may have ended the session by now; otherwise the next request learns of it.
    const ended = visitor.getByRole("dialog", { name: "Your session has ended" });
    const jobs = visitor.getByRole("link", { name: "Jobs", exact: true });
    await jobs.click({ timeout: 5_000 }).catch(async () => expect(await ended.isVisible()).toBe(true));
    await ended.waitFor();
  });

  test("options are saved as a preset and chosen again; one that an admin publishes is everyone's", async () => {
    await admin.goto(server.url);
    await admin.getByRole("radio", { name: "AVIF" }).check({ force: true });
    await admin.getByLabel("Width", { exact: true }).fill("321");
    await admin.getByRole("button", { name: "Save these options as a preset" }).click();
    await admin.getByLabel("Save the current options as").fill("Thumbnails");
    await admin.getByRole("switch", { name: "For everyone" }).check({ force: true });
    await admin.getByRole("button", { name: "Save preset" }).click();
    await expect.poll(() => admin.getByLabel("Preset", { exact: true }).innerText()).toContain("Thumbnails");

    const page = await newUser("ivan@example.org");
    await page.getByLabel("Preset", { exact: true }).selectOption({ label: "Thumbnails" });
    expect(await page.getByLabel("Width", { exact: true }).inputValue()).toBe("321");
    expect(await page.getByRole("radio", { name: "AVIF" }).isChecked()).toBe(true);
    await page.getByLabel("Width", { exact: true }).fill("400");
    expect(await page.getByLabel("Preset", { exact: true }).inputValue()).toBe("");
    await page.getByRole("button", { name: "Save or manage presets" }).click();
    expect(await page.getByRole("switch", { name: "For everyone" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Delete Thumbnails" }).count()).toBe(0);
    await page.getByLabel("Save the current options as").fill("Mine");
    await page.getByRole("button", { name: "Save preset" }).click();
    await page.reload();
    await page.getByRole("option", { name: "Mine" }).waitFor({ state: "attached" });
    await admin.goto(server.url);
    await admin.getByRole("option", { name: "Thumbnails" }).waitFor({ state: "attached" });
    expect(await admin.getByRole("option", { name: "Mine" }).count()).toBe(0);
  });

  test("results are shared by a link that works without an account, until it is taken back", async () => {
    const page = await newUser("jana@example.org");
    await page.getByTestId("files").setInputFiles(sample("sea.jpg"));
    await page.getByRole("button", { name: "Convert 1 image" }).click();
    await page.getByRole("button", { name: "Share" }).click();
    await page.getByLabel("What to share").selectOption({ label: "sea.webp" });
    await page.getByRole("button", { name: "Create link" }).click();
    const link = await page.getByRole("textbox", { name: "Link to sea.webp" }).inputValue();
    const shared = await fetch(link);
    expect([shared.status, shared.headers.get("content-type")]).toEqual([200, "image/webp"]);
    await page.getByRole("button", { name: "Revoke the link to sea.webp" }).click();
    await page.getByText("Only you can access these results.").waitFor();
    expect((await fetch(link)).status).toBe(404);
  });

  test("the menu of the account is worked by the keyboard", async () => {
    await admin.goto(server.url);
    const button = admin.getByRole("button", { name: /^Account: / });
    await button.press("Enter");
    await admin.getByRole("link", { name: "Users" }).waitFor();
    await admin.keyboard.press("Escape");
    expect(await admin.getByRole("link", { name: "Users" }).count()).toBe(0);
    await button.press("Enter");
    await admin.getByRole("link", { name: "Account", exact: true }).press("Enter");
    await admin.getByRole("heading", { name: "Account", exact: true }).waitFor();
  });

  test("on a Korean phone in the dark, every view fits and every control has a name", async () => {
    const { page, errors } = await openPage(browser, `${server.url}/login`, koreanPhone);
    const loaded = watchLoading(page);
    const fits = async (heading: string) => {
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      await loaded();
      expect(await page.evaluate(sidewaysOverflow), heading).toBeLessThanOrEqual(0);
      expect(await page.evaluate(namelessControls), heading).toEqual([]);
    };
    await fits("로그인");
    await page.getByRole("link", { name: "비밀번호를 잊으셨나요?" }).click();
    await fits("비밀번호 재설정");
    await page.goto(`${server.url}/register`);
    await fits("계정 만들기");
    await page.goto(await invite("kim@example.org"));
    await fits("Millrace에 초대받으셨습니다");
    await page.goto(`${server.url}/login`);
    await page.getByLabel("이메일 주소").fill("ada@example.org");
    await page.getByLabel("비밀번호", { exact: true }).fill(password);
    await page.getByRole("button", { name: "로그인" }).click();
    await fits("이미지 변환");
    for (const [path, heading] of [
      ["/account", "내 계정"],
      ["/users", "사용자"],
    ] as const) {
      await page.goto(`${server.url}${path}`);
      await fits(heading);
    }
    await page.getByRole("button", { name: "ada@example.org 관리" }).click();
    await fits("사용자");
    expect(errors).toEqual([]);
  });
});
