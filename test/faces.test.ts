import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FacesResult } from "../examples/faces/make-children.ts";
import { portraits } from "../examples/faces/samples/portraits.ts";
import { type Client, createClient, type Job } from "../src/client/index.ts";
import { startProvider, type TestProvider } from "../src/testing/ai-provider.ts";
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

const cwd = join(import.meta.dirname, "..", "examples", "faces");
const HOUR_MS = 3_600_000;
const consent = true;

let folder = "";
let provider: TestProvider;
let server: Running;
let client: Client;

async function start(data: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Running> {
  return startMillrace({ port: await freePort(), args: ["--data", join(folder, data), ...args], cwd, env });
}

async function file(kind: keyof typeof portraits): Promise<File> {
  const { name, data } = await portraits[kind]();
  return new File([new Uint8Array(data)], name, { type: "image/jpeg" });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-faces-"));
  provider = await startProvider();
  const models = [
    { name: "painter", provider: "openai", url: provider.openai, key: "k", model: "p", does: ["picture"] },
  ];
  server = await start("data", ["--workers", "1"], { MILLRACE_AI_MODELS: JSON.stringify(models) });
  client = createClient({ url: server.url });
});
afterAll(async () => {
  expect(await server?.stop()).toBe(0);
  await provider?.close();
  await rm(folder, { recursive: true, force: true });
});

describe("on a server", () => {
  let made: Job;
  beforeAll(async () => {
    const files = [await file("first"), await file("second")];
    made = await client.run("faces", { files, options: { consent, frame: "first", size: 256 } });
  });

  test("portraits are deleted when the pictures are there, which are kept for an hour", async () => {
    expect(made).toMatchObject({ state: "succeeded", outputs: [{ name: "child-1.jpg" }] });
    for (const { input, outputs } of made.items) {
      for (const one of [input!, ...outputs]) {
        expect(one.deleted).toBe(true);
        const gone = await fetch(server.url + client.artifactUrl(one.artifactId).replace(server.url, ""));
        expect(gone.status).toBe(410);
      }
    }
    expect(Date.parse(made.expiresAt!) - Date.parse(made.finishedAt!)).toBe(HOUR_MS);
    const archive = Buffer.from(await (await client.archive(made.id)).arrayBuffer()).toString("latin1");
    expect(archive).toContain("child-1.jpg");
    expect(archive.match(/PK\x01\x02/g)).toHaveLength(2);
  });

  test("the other order finds what was made", async () => {
    const files = [await file("second"), await file("first")];
    const turned = await client.run("faces", { files, options: { consent, frame: "second", size: 256 } });
    expect(turned.steps[0]).toMatchObject({ name: "blend", cached: true });
    expect(turned.outputs[0]!.sha256).toBe(made.outputs[0]!.sha256);
    expect(turned.result).toEqual(made.result);
    // In the other parent's frame, the image differs.
    const other = await client.run("faces", { files, options: { consent, frame: "first", size: 256 } });
    expect(other.outputs[0]!.sha256).not.toBe(made.outputs[0]!.sha256);
  });

  test("a job that fails keeps its portraits for an hour, and can be replayed", async () => {
    const files = [await file("first"), await file("two")];
    const failed = await client.run("faces", { files, options: { consent } });
    expect(failed).toMatchObject({ state: "failed", error: { code: "several_faces" } });
    expect(Date.parse(failed.expiresAt!) - Date.parse(failed.finishedAt!)).toBe(HOUR_MS);
    expect(failed.items[1]!.input!.deleted).toBeUndefined();
    expect((await client.artifact(failed.items[1]!.input!.artifactId)).status).toBe(200);
    const { items } = await client.admin.deadLetters({ pipeline: "faces" });
    expect(items.map(({ jobId }) => jobId)).toContain(failed.id);
    const again = await client.wait((await client.retry(failed.id)).id);
    expect(again.error?.code).toBe("several_faces");
  });

  test("a model draws from the blend, once, and holds nothing up", async () => {
    provider.reply = () => ({ delayMs: 1_500 });
    const asked = provider.requests.length;
    const traits = (made.result as unknown as FacesResult).children[0]!.traits.map(({ trait, value }) => ({
      trait,
      value,
    }));
    const render = {
      files: [{ artifactId: made.outputs[0]!.artifactId }],
      options: { consent, traits },
    };
    const drawing = client.run("faces.render", render);
    await expect.poll(() => provider.requests.length).toBe(asked + 1);
    const files = [await file("first"), await file("second")];
    const meanwhile = await client.run("faces", { files, options: { consent, seed: 2, size: 256 } });
    expect(meanwhile.state).toBe("succeeded");
    const drawn = await drawing;
    expect(drawn.items[0]).toMatchObject({ result: { model: "127.0.0.1/p", image: "child-1-drawn.jpg" } });
    const { url, body } = provider.requests.at(-1)!;
    expect([url, body.image]).toEqual([
      "/v1/images/edits",
      { type: "image/jpeg", bytes: made.outputs[0]!.bytes },
    ]);
    expect(body.prompt).toMatch(/nose width 0\.\d\d/);
    const picture = await (await client.artifact(drawn.items[0]!.outputs[0]!.artifactId)).arrayBuffer();
    expect((await sharp(picture).metadata()).xmpAsString).toContain("compositeWithTrainedAlgorithmicMedia");
    await client.run("faces.render", render);
    expect(provider.requests).toHaveLength(asked + 1);
  });
});

test("without consent there is no job", async () => {
  const files = [await file("first"), await file("second")];
  await expect(client.submit("faces", { files, options: {} })).rejects.toMatchObject({
    code: "invalid_options",
  });
});

test("the page offers to draw where a model can", async () => {
  expect(await (await fetch(`${server.url}/faces/drawing`)).json()).toEqual({ available: true });
});

test("a long queue answers 429, and says when to come back", async () => {
  const full = await start("full", ["--workers", "0", "--queue-limit", "2"]);
  try {
    const asking = createClient({ url: full.url, retries: 0 });
    const submit = async (seed: number) =>
      asking.submit("faces", {
        files: [await file("first"), await file("second")],
        options: { consent, seed },
      });
    expect(await (await fetch(`${full.url}/faces/drawing`)).json()).toEqual({ available: false });
    expect((await submit(1)).state).toBe("queued");
    await expect(submit(2)).rejects.toMatchObject({
      status: 429,
      code: "queue_full",
      retryAfter: expect.any(Number),
    });
  } finally {
    await full.stop();
  }
});

describe.skipIf(chromiumPath === undefined && process.env.CI !== "true")("the page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  test("on a Korean phone, from painted portraits to a child and its traits", async () => {
    const { page, errors } = await openPage(browser, `${server.url}/faces/`, koreanPhone);
    await page.getByRole("button", { name: "그림으로 그린 얼굴로 해 보기" }).click();
    await page.getByLabel("첫째 부모처럼").check({ force: true });
    await page.getByLabel(/동의했어요/).check();
    await page.getByRole("button", { name: "아이 얼굴 보기" }).click();
    const child = page.getByRole("img", { name: "아이 1" });
    await child.waitFor({ timeout: 60_000 });
    await expect
      .poll(() => child.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(512);
    expect(await page.locator(".traits details").count()).toBe(8);
    await page.getByText("코 너비").click();
    await page
      .getByText(/Djordjevic/)
      .filter({ visible: true })
      .first()
      .waitFor();
    expect(await page.evaluate(sidewaysOverflow)).toBeLessThanOrEqual(0);
    expect(await page.evaluate(namelessControls)).toEqual([]);
    if (process.env.FACES_SHOTS)
      await page.screenshot({ path: `${process.env.FACES_SHOTS}/phone.png`, fullPage: true });
    await page.getByRole("button", { name: "이미지 모델로 다시 그리기" }).click();
    await page.getByRole("img", { name: "아이 1, 그림" }).waitFor({ timeout: 60_000 });
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test("in English, a portrait that cannot be used is marked and named", async () => {
    const { page, errors } = await openPage(browser, `${server.url}/faces/`, desktop);
    const path = join(folder, "sky.jpg");
    await writeFile(path, (await portraits.empty()).data);
    await page.getByRole("button", { name: "Try it with painted faces" }).click();
    await page.locator(".portrait:has(input[name=second]) img").waitFor();
    await page.locator("input[name=second]").setInputFiles(path);
    await page.getByLabel(/Both people agree/).check();
    await page.getByRole("button", { name: "Show the child" }).click();
    const alert = page.getByRole("alert");
    await alert
      .filter({ hasText: "Second parent: This portrait shows no face." })
      .waitFor({ timeout: 60_000 });
    expect(await page.locator(".portrait.wrong input").getAttribute("name")).toBe("second");
    await page.getByRole("button", { name: "한국어" }).click();
    await alert.filter({ hasText: "둘째 부모: 이 사진에서 얼굴을 찾지 못했어요." }).waitFor();
    expect(errors).toEqual([]);
    if (process.env.FACES_SHOTS)
      await page.screenshot({ path: `${process.env.FACES_SHOTS}/desktop.png`, fullPage: true });
    await page.context().close();
  });
});
