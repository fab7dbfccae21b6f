import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openRecords } from "../examples/places/records/open.ts";
import { testDatabase } from "../examples/places/records/testing.ts";
import { madeFeed, resultOf, startSource } from "../examples/places/sync/loopback-source.ts";
import { addressOf, withServices } from "../src/testing/services.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";
import { s3Address, serviceUrls } from "./services.ts";
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
const example = join(root, "examples", "places");

interface Job {
  id: string;
  state: string;
  items: { result: { verdict: string; reasons: string[]; placeId: string } }[];
}

const spot = { category: "park", lat: 37.51, lon: 127.01 };

function post(url: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}

async function report(url: string, name: string, more: object = {}): Promise<Job> {
  const items = [{ data: { name, ...spot, ...more } }];
  const created = (await (await post(`${url}/v1/jobs`, { pipeline: "places.report", items })).json()) as Job;
  return (await (await fetch(`${url}/v1/jobs/${created.id}?wait=30`)).json()) as Job;
}

async function namesFor(url: string, text: string): Promise<string[]> {
  const response = await fetch(`${url}/places/api/search?q=${encodeURIComponent(text)}`);
  return ((await response.json()) as { items: { name: string }[] }).items.map(({ name }) => name);
}

describe("embedded, with one command", () => {
  let folder = "";
  let server: Running;
  let browser: Browser | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-places-"));
    const args = ["--data", folder, "--workers", "1"];
    server = await startMillrace({ port: await freePort(), args, cwd: example });
    if (chromiumPath !== undefined) browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("the schema is checked before a report is accepted, and names its faults", async () => {
    const items = [{ data: { name: "x", category: "castle", lat: 99, lon: 127, hours: "often" } }];
    const refused = await post(`${server.url}/v1/jobs`, { pipeline: "places.report", items });
    expect(refused.status).toBe(422);
    const { code, issues } = (await refused.json()) as { code: string; issues: { path: string }[] };
    expect(code).toBe("invalid_items");
    expect(issues.map(({ path }) => path).sort()).toEqual(
      ["category", "hours", "lat", "name"].map((field) => `items.0.data.${field}`),
    );
  });

  test("clients cannot start what moderators and schedules start", async () => {
    for (const pipeline of ["places.moderate", "places.sync"]) {
      expect((await post(`${server.url}/v1/jobs`, { pipeline })).status).toBe(404);
    }
  });

  test("routes refuse what makes no sense", async () => {
    expect((await fetch(`${server.url}/places/api/nearby?lat=37&lon=x`)).status).toBe(400);
    expect((await fetch(`${server.url}/places/api/places/none`)).status).toBe(404);
  });

  test("a newcomer finds a place, reports one, and accepts it as the moderator", async (ctx) => {
    if (!browser) return ctx.skip("missing: chromium");
    const { page, errors } = await openPage(browser, `${server.url}/places/`, desktop);
    await page.getByText(/\d+ places within/).waitFor();
    await page.getByLabel("Search by name").fill("gyeongbukgung");
    await page
      .getByText("1 place for “gyeongbukgung”")
      .or(page.getByText(/places for “gyeongbukgung”/))
      .waitFor();
    await page.locator(".card").first().click();
    await page.getByRole("heading", { name: "Gyeongbokgung Palace" }).waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();

    await page.getByRole("button", { name: "Report a place" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Moonlit Playground");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Thank you. One more report, and everyone can find it.").waitFor();
    await page.getByRole("button", { name: "Report another place" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Casino bonus park");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("The text advertises something.").waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();

    await page.getByRole("button", { name: "Moderate" }).click();
    await page.getByText("1 place waits.").waitFor();
    await page.getByRole("button", { name: "Accept" }).click();
    await page.getByText("Nothing waits.").waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByLabel("Search by name").fill("Moonlight Playground");
    await page.locator(".card", { hasText: "Moonlit Playground" }).waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test("on a phone, in Korean", async (ctx) => {
    if (!browser) return ctx.skip("missing: chromium");
    const { page, errors } = await openPage(browser, `${server.url}/places/`, koreanPhone);
    await page.getByRole("heading", { name: "장소" }).waitFor();
    await page.locator(".card", { hasText: "서울도서관" }).waitFor();
    await page.getByRole("button", { name: "도서관", exact: true }).tap();
    await page.locator(".card", { hasText: "서울역사박물관" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "장소 제보" }).tap();
    await page.getByText("지도의 십자 표시가 제보할 위치입니다.").waitFor();
    expect(await page.evaluate(namelessControls)).toEqual([]);
    expect(await page.evaluate(sidewaysOverflow)).toBeFalsy();
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

const services = serviceUrls("probe");
const needed = {
  PostgreSQL: addressOf(services.postgres, 5432),
  RabbitMQ: addressOf(services.rabbitmq, 5672),
  S3: s3Address(services.s3),
};

await withServices(needed, () => {
  const children = new Set<ChildProcess>();
  afterEach(async () => {
    const ending = [...children].map((child) => once(child, "exit"));
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(ending);
  }, 60_000);

  async function role(
    env: NodeJS.ProcessEnv,
    ...args: string[]
  ): Promise<{ child: ChildProcess; said: string }> {
    const child = spawn(process.execPath, [join(root, "bin", "millrace.js"), ...args], {
      ...{ cwd: example, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] },
    });
    children.add(child);
    child.once("exit", () => children.delete(child));
    const [said] = await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
    if (typeof said === "number") throw new Error(`millrace ${args[0]} ended with ${said}`);
    return { child, said: String(said) };
  }

  test("PostgreSQL, RabbitMQ and S3: two API processes, three workers that are killed", {
    timeout: 300_000,
  }, async () => {
    const name = `places-${randomBytes(4).toString("hex")}`;
    const urls = serviceUrls(name);
    const database = await testDatabase();
    const source = await startSource(madeFeed(600), 25);
    const env = {
      ...{ MILLRACE_STORE: urls.postgres, MILLRACE_BROKER: urls.rabbitmq, MILLRACE_BLOBS: urls.s3 },
      ...{ PLACES_RECORDS: database.url, PLACES_SOURCE: source.url, PLACES_SOURCE_PER_MINUTE: "600" },
      PLACES_SYNC_SECONDS: "86400",
    };
    try {
      const [here, there, ...workers] = await Promise.all([
        ...Array.from({ length: 2 }, () => role(env, "api", "--port", "0")),
        ...Array.from({ length: 3 }, () => role(env, "worker")),
      ]);
      const [one, other] = [here!, there!].map(({ said }) => /http:\S+/.exec(said)![0]) as [string, string];

      // Reported to one API process, approved at the other, and found at both.
      const reported = await report(one, "달빛 놀이터");
      const { placeId } = reported.items[0]!.result;
      expect(reported.items[0]!.result).toMatchObject({ verdict: "pending", reasons: ["first_report"] });
      expect(await namesFor(other, "달빛 놀이터")).toEqual([]);
      const accepted = await post(`${other}/places/api/pending/${placeId}`, { accepts: true });
      const { jobId } = (await accepted.json()) as { jobId: string };
      await fetch(`${other}/v1/jobs/${jobId}?wait=30`);
      expect(await namesFor(one, "달빛놀이타")).toEqual(["달빛 놀이터"]);
      expect(await namesFor(other, "경북궁")).toContain("경복궁");

      const synced = (await (await post(`${one}/places/api/sync`, {})).json()) as { jobId: string };
      for (const { child } of workers.slice(0, 2)) {
        await sleep(500);
        child.kill("SIGKILL");
        await role(env, "worker");
      }
      const job = (await (await fetch(`${one}/v1/jobs/${synced.jobId}?wait=60`)).json()) as Job;
      expect(job.state).toBe("succeeded");
      const records = await openRecords(database.url);
      const rows = await records.db
        .selectFrom("place")
        .select("name")
        .where("origin", "=", "source")
        .where("state", "=", "accepted")
        .execute();
      const state = await records.db.selectFrom("sync").select("pages").executeTakeFirstOrThrow();
      await records.close();
      expect(rows.map((row) => row.name).sort()).toEqual([...resultOf(source.feed).values()].sort());
      expect(state.pages).toBe(24);
    } finally {
      await source.close();
      const ending = [...children].map((child) => once(child, "exit"));
      for (const child of children) child.kill("SIGTERM");
      await Promise.all(ending);
      await database.remove();
      const client = new pg.Client({ connectionString: urls.postgres.replace(/[?&]schema=.*/, "") });
      await client.connect();
      await client.query(`drop schema if exists ${name.replaceAll("-", "_")} cascade`);
      await client.end();
    }
  });
});
