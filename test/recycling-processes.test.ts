import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testSchema } from "../src/adapters/postgres/testing.ts";
import { addressOf, withServices } from "../src/testing/services.ts";
import { eventually } from "../src/testing/wait.ts";
import { freePort } from "./crash/processes.ts";
import { visitor } from "./recycling/visitor.ts";

const root = join(import.meta.dirname, "..");
const example = join(root, "examples", "recycling");
const schema = testSchema();
const amqp = process.env.MILLRACE_TEST_AMQP ?? "amqp://guest:guest@127.0.0.1:5672";
const services = { PostgreSQL: addressOf(schema.url, 5432), RabbitMQ: addressOf(amqp, 5672) };
const password = "three unrelated words";
/** Within a second on an idle machine; this one may be busy. */
const SOON_MS = 5_000;
/** A process declares its queues in RabbitMQ before it is ready. */
const START_MS = 140_000;

/** Two API and three worker processes on PostgreSQL and RabbitMQ, behind nginx with the authorization service. */
await withServices(services, () => {
  let folder = "";
  let invite = "";
  let [one, two, front] = ["", "", ""];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-recycling-"));
    one = await role("api");
    // One after another: on a small machine, five at once would starve each other's connections.
    two = await role("api");
    for (let n = 0; n < 3; n++) await role("worker");
    front = await nginx();
  }, 400_000);
  afterAll(async () => {
    for (const child of children) child.kill("SIGTERM");
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
    await schema.drop();
  });

  /** Starts a role. Resolves with the first line it prints. */
  async function role(name: "api" | "worker"): Promise<string> {
    const records = new URL(schema.url);
    records.searchParams.delete("schema");
    records.searchParams.set("options", `-c search_path=${new URL(schema.url).searchParams.get("schema")}`);
    const args = name === "api" ? [name, "--port", "0"] : [name];
    const child = spawn(process.execPath, [join(root, "bin", "millrace.js"), ...args], {
      cwd: example,
      env: {
        ...process.env,
        MILLRACE_STORE: schema.url,
        MILLRACE_BROKER: `${amqp}?prefix=recycling-${process.pid}`,
        MILLRACE_BLOBS: `file:${join(folder, "blobs")}`,
        MILLRACE_AUTHZ_COOKIE: "millrace_access",
        RECYCLING_DATABASE: records.href,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let said = "";
    child.stdout!.on("data", (chunk) => {
      said += chunk;
    });
    const isUp = () => (name === "api" ? /http:\S+/.test(said) : said.includes("\n"));
    await eventually(isUp, START_MS, () => `millrace ${name} is not up: ${said}`);
    if (name === "api" && invite === "") {
      await eventually(
        () => said.includes("/invite#"),
        10_000,
        () => `no invite in: ${said}`,
      );
      invite = /invite#(\S+)/.exec(said)![1]!;
    }
    return /http:\/\/[\d.:]+/.exec(said)?.[0] ?? "";
  }

  /** Runs nginx with the example's configuration and this test's ports. Returns "" if nginx is not installed. */
  async function nginx(): Promise<string> {
    if (!["/usr/sbin/nginx", "/usr/bin/nginx"].some(existsSync)) return "";
    const port = await freePort();
    const site = (await readFile(join(example, "deploy", "nginx.conf"), "utf8"))
      .replace("127.0.0.1:8080", `127.0.0.1:${port}`)
      .replace("127.0.0.1:8081", new URL(one).host)
      .replace("127.0.0.1:8082", new URL(two).host);
    const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (kind) => `${kind}_temp_path ${join(folder, kind)};`,
    );
    const text = `daemon off; pid ${join(folder, "nginx.pid")}; error_log stderr;
      events {} http { access_log off; ${folders.join(" ")} ${site} }`;
    await writeFile(join(folder, "nginx.conf"), text);
    children.push(spawn("nginx", ["-c", join(folder, "nginx.conf")], { stdio: "ignore" }));
    const url = `http://127.0.0.1:${port}`;
    const isUp = () =>
      fetch(`${url}/recycling/`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually(isUp, 20_000, () => "nginx does not answer");
    return url;
  }

  test("a logout at one process is refused by the other, by its routes and by the authorization service", async () => {
    const user = await visitor(one, "ada@example.org");
    const path = "/recycling/api/characters";
    const asked = { "x-forwarded-uri": path, "x-forwarded-method": "GET" };
    const check = async () =>
      (await fetch(`${two}/authz/check`, { headers: { ...user.headers, ...asked } })).status;
    expect([(await user.get(path, two)).status, await check()]).toEqual([200, 200]);
    await user.post("/v1/auth/logout");
    const began = performance.now();
    await eventually(
      async () => (await check()) === 401,
      SOON_MS,
      () => "the token still counts",
    );
    await eventually(
      async () => (await user.get(path, two)).status === 401,
      SOON_MS,
      () => "it still counts",
    );
    expect(performance.now() - began).toBeLessThan(SOON_MS);
  });

  test("behind nginx the page is public, and the rest is for whoever is signed in", async (context) => {
    if (front === "") return context.skip("missing: nginx");
    const user = await visitor(front, "cy@example.org");
    const status = async (path: string, headers = {}) => (await fetch(front + path, { headers })).status;
    expect(await status("/recycling/")).toBe(200);
    expect(await status("/recycling/api/characters")).toBe(401);
    expect(await status("/recycling/api/characters", user.headers)).toBe(200);
    expect(await status("/v1/admin/queues", user.headers)).toBe(403);
    expect(await status("/authz/check", user.headers)).toBe(403);
    expect(await status("/client.js")).not.toBe(401);
    await user.post("/v1/auth/logout");
    const isRefused = async () => (await status("/recycling/api/characters", user.headers)) === 401;
    await eventually(isRefused, SOON_MS, () => "the token still counts");
  });

  test("a scan of one process is rewarded by a worker, and what an admin changes is in every process", async () => {
    const photo = await readFile(join(root, "samples", "marbles.jpg"));
    const register = { email: "root@example.org", password, invite };
    await fetch(`${one}/v1/auth/register`, {
      ...{ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(register) },
    });
    const admin = await visitor(one, "root@example.org");
    const puff = {
      ...{ id: "puff", name: { ko: "뭉게", en: "Puff" }, motto: { ko: "가벼워요", en: "Light" } },
      image: "pebble.svg",
    };
    const path = "/v1/catalogs/recycling.characters/foam";
    const user = await visitor(two, "di@example.org");
    expect((await user.get(path, two)).status).toBe(404);
    const put = (who: typeof user, at: string) =>
      fetch(at + path, {
        ...{ method: "PUT", headers: { ...who.headers, "content-type": "application/json" } },
        body: JSON.stringify(puff),
      });
    expect((await put(user, one)).status).toBe(403);
    expect((await put(admin, one)).status).toBe(200);
    const isThere = async () => (await user.get(path, two)).status === 200;
    await eventually(isThere, SOON_MS, () => "the other process does not have it");
    const options = { language: "en", confirmed: { item: "foam", conditions: [] } };
    const { result } = await user.ended((await user.scan(photo, options)).id);
    expect(result?.reward).toMatchObject({ state: "new", character: { id: "puff" } });
    const owned = async () => (await user.get("/recycling/api/characters", one)).json();
    const isGranted = async () => ((await owned()) as { items: unknown[] }).items.length === 1;
    await eventually(isGranted, 60_000, () => "no character was granted");
  });
});
