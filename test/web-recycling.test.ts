import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";
import {
  chromiumPath,
  desktop,
  koreanPhone,
  launchBrowser,
  namelessControls,
  openPage,
  sidewaysOverflow,
} from "./web/browser.ts";

const root = join(import.meta.dirname, "..");
const photo = join(root, "samples", "marbles.jpg");
const needed = chromiumPath !== undefined || process.env.CI === "true";
const english = { ...koreanPhone, locale: "en-US" };

/** Runs offline: no model is configured. */
describe("the page of examples/recycling", () => {
  let folder = "";
  let browser: Browser;
  let server: Running;

  beforeAll(async () => {
    if (!needed) return;
    folder = await mkdtemp(join(tmpdir(), "millrace-web-recycling-"));
    browser = await launchBrowser();
    server = await startMillrace({
      port: await freePort(),
      args: ["--data", join(folder, "data"), "--workers", "1"],
      cwd: join(root, "examples", "recycling"),
      env: { RECYCLING_DATABASE: `sqlite:${join(folder, "records.db")}` },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  beforeEach((context) => context.skip(!needed, "Chromium is not installed"));

  /** All controls have names, and the page fits its window. */
  async function check(page: Page, name: string): Promise<void> {
    expect(await page.evaluate(namelessControls), name).toEqual([]);
    expect(await page.evaluate(sidewaysOverflow), name).toBeLessThanOrEqual(0);
    const { RECYCLING_SHOTS: shots } = process.env;
    if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  }

  async function register(
    page: Page,
    email: string,
    words: { swap: RegExp; email: string; password: RegExp },
  ) {
    await page.getByRole("button", { name: words.swap }).click();
    await page.getByLabel(words.email).fill(email);
    await page.getByLabel(words.password).fill("three unrelated words");
    await page.keyboard.press("Enter");
  }

  test("a scan on a Korean phone: suggestions, confirmation, the rule, the reward, the album", async () => {
    const { page, errors } = await openPage(browser, `${server.url}/recycling/`, koreanPhone);
    await page.getByRole("button", { name: "로그인", exact: true }).waitFor();
    await check(page, "ko-login");
    await register(page, "ada@example.org", { swap: /계정 만들기/, email: "이메일", password: /비밀번호/ });
    await page.getByText("버릴 물건을 가운데에").waitFor();
    await check(page, "ko-scan");
    await page.locator("input[name=file]").setInputFiles(photo);
    await page.getByLabel("궁금한 점").fill("그냥 버려도 되나요?");
    await page.getByLabel("지역").selectOption({ label: "서울" });
    await check(page, "ko-chosen");
    await page.getByRole("button", { name: "버리는 법 알아보기" }).click();
    const suggestion = page.getByRole("button", { name: /음식물.*%/ });
    await suggestion.waitFor({ timeout: 60_000 });
    await page.getByText("품목을 확인하면").waitFor();
    await check(page, "ko-suggested");
    await page.getByLabel("품목 고르기").selectOption({ label: "투명 페트병" });
    await page.getByText("라벨이 붙어 있음").click();
    await check(page, "ko-confirming");
    await page.getByRole("button", { name: "이 품목이 맞아요" }).click();
    await page.getByText("또르르 합류!").waitFor({ timeout: 60_000 });
    await page.getByText("라벨을 떼어 비닐류로 배출합니다").waitFor();
    await check(page, "ko-rewarded");
    await page.getByRole("link", { name: "내 캐릭터" }).first().click();
    const mine = async () => {
      await page.reload();
      return page
        .getByText("12명 중 1명을 만났어요.")
        .waitFor({ timeout: 1_500 })
        .then(
          () => true,
          () => false,
        );
    };
    await expect.poll(mine, { timeout: 40_000, interval: 500 }).toBe(true);
    await check(page, "ko-album");
    // The only error comes from a request before signing in.
    expect(errors.filter((error) => !error.includes("401"))).toEqual([]);
  });

  test("a chat in English, that goes on after a reload; a logout ends what others cannot see", async () => {
    const { page, errors } = await openPage(browser, `${server.url}/recycling/#chat`, english);
    await page.getByRole("button", { name: "Log in", exact: true }).waitFor();
    await register(page, "bo@example.org", {
      swap: /Create an account/,
      email: "Email",
      password: /Password/,
    });
    await page.getByPlaceholder(/milk cartons/).fill("Where do milk cartons go?");
    await page.keyboard.press("Enter");
    const answer = page.locator(".bubble.answer[aria-busy=false]");
    await expect.poll(() => answer.first().textContent(), { timeout: 60_000 }).toMatch(/carton/i);
    await check(page, "en-chat");
    await page.reload();
    await expect.poll(() => answer.first().textContent(), { timeout: 60_000 }).toMatch(/carton/i);
    await page.getByRole("link", { name: "Chat", exact: false }).last().click();
    await page.getByRole("link", { name: /Where do milk cartons go/ }).waitFor();
    await check(page, "en-conversations");
    await page.setViewportSize(desktop.viewport!);
    await page.getByRole("link", { name: "My characters" }).click();
    await page.getByText("characters gather here").waitFor();
    await check(page, "en-album-desktop");
    await page.getByRole("link", { name: "Scan", exact: false }).last().click();
    await page.getByText("Put the thing in the middle").waitFor();
    await check(page, "en-scan-desktop");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in", exact: true }).waitFor();
    expect((await page.request.get(`${server.url}/recycling/api/conversations`)).status()).toBe(401);
    expect(errors.filter((error) => !error.includes("401"))).toEqual([]);
  });
});
