import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { promisify } from "node:util";
import express from "express";
import { fastify } from "fastify";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { testSchema } from "../src/adapters/postgres/testing.ts";
import { createClient } from "../src/client/index.ts";
import { createMillrace, type Millrace } from "../src/compose/index.ts";
import { addressOf, withService } from "../src/testing/services.ts";
import { add, greet, shout } from "./embed/pipelines.ts";

const modules = [new URL("./embed/pipelines.ts", import.meta.url)];
const pipelines = [shout, add];

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-embed-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("importing has no side effects", async () => {
  const script = `
    // Node opens them when somebody looks at them.
    process.stdout.isTTY || process.stderr.isTTY;
    const { setTimeout } = await import("node:timers/promises");
    const state = async () => {
      await setTimeout(100);
      return { handles: process.getActiveResourcesInfo(), listeners: process.eventNames(), env: { ...process.env } };
    };
    const before = await state();
    await import("millrace");
    await import("millrace/client");
    await import("millrace/testing");
    console.log(JSON.stringify({ before, after: await state() }));`;
  const args = ["--conditions=development", "--input-type=module", "--eval", script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    cwd: join(import.meta.dirname, ".."),
  });
  const { before, after } = JSON.parse(stdout);
  expect(after).toEqual(before);
  expect(stderr).toBe("");
});

test("what is not known is refused by name", async () => {
  // @ts-expect-error there is no such setting
  await expect(createMillrace({ dta: "x" })).rejects.toThrow(
    /dta in createMillrace is not a setting; did you mean data/,
  );
  await expect(createMillrace({ workers: -1 })).rejects.toThrow(/workers must be a whole number/);
});

test("items of data need room in the queue, each of them", async () => {
  const settings = { data: join(folder, "room"), queueLimit: 5, logLevel: "silent" } as const;
  const millrace = await createMillrace({ ...settings, pipelines: [greet] });
  try {
    const items = (count: number) => Array.from({ length: count }, (_, n) => ({ data: { name: `${n}` } }));
    await expect(millrace.submit(greet, { items: items(6) })).rejects.toMatchObject({ code: "queue_full" });
    expect((await millrace.submit(greet, { items: items(5) })).progress.total).toBe(5);
  } finally {
    await millrace.close();
  }
});

function suite(settings: () => { store?: string; data: string }): void {
  let millrace: Millrace<typeof pipelines>;
  beforeAll(async () => {
    millrace = await createMillrace({ ...settings(), logLevel: "silent", pipelines });
  });
  afterAll(() => millrace?.close());

  test("workers need the modules of pipelines that were given as values", async () => {
    await expect(millrace.work()).rejects.toThrow(/Add the module that exports shout, version 1/);
  });

  test("a job is sent, followed, awaited and fetched, with the types of its pipeline", async () => {
    await millrace.work({ modules, processes: 1 });
    await writeFile(join(folder, "a.txt"), "hello");
    const files = [{ path: join(folder, "a.txt") }, { name: "글.txt", data: "b" }];
    const sent = await millrace.submit("shout", { files, options: { mark: "!" } });
    const types: string[] = [];
    for await (const { type, id } of millrace.events(sent.id)) if (id !== null) types.push(type);
    expect([types[0], types.at(-1)]).toEqual(["job.created", "job.succeeded"]);
    const job = await millrace.wait(sent);
    expect(job).toMatchObject({ state: "succeeded", items: [{ name: "a.txt" }, { name: "글.txt" }] });
    expect(job.items[0]!.result!.characters).toBe(6);
    expectTypeOf(job.items[0]!.result).toEqualTypeOf<{ characters: number } | null>();
    const file = await millrace.artifact(job.items[0]!.outputs[0]!.artifactId);
    expect(file).toMatchObject({ name: "a.txt", mediaType: "text/plain", jobId: job.id });
    expect(await text(await file.stream())).toBe("HELLO!");
    const archive = await millrace.archive(job.id);
    const zip = await buffer(archive.stream);
    expect(zip.length).toBe(archive.bytes);
    expect((await millrace.archive(job.id, { include: "all" })).bytes).toBeGreaterThanOrEqual(archive.bytes);
    expect(Object.keys(unzipSync(zip))).toContain("a.txt");
  });

  test("steps run in other processes, and a job without files has its result", async () => {
    const job = await millrace.wait(await millrace.submit(add, { options: { numbers: [1, 2, 3] } }));
    expect(job.result).toMatchObject({ sum: 6 });
    expect(job.result!.pid).not.toBe(process.pid);
  });

  test("events go on after one that was kept", async () => {
    const { id } = await millrace.wait(await millrace.submit("add", { options: { numbers: [4] } }));
    const all = await Array.fromAsync(millrace.events(id));
    expect(await Array.fromAsync(millrace.events(id, { after: all[0]!.id }))).toEqual(
      all.filter((event) => event.id !== null).slice(1),
    );
  });

  test("owners see their own jobs alone", async () => {
    const { id } = await millrace.submit("add", { options: { numbers: [5] } }, { owner: "ada" });
    await expect(millrace.job(id)).rejects.toMatchObject({ code: "not_found" });
    expect((await millrace.job(id, { owner: "ada" })).id).toBe(id);
    expect((await millrace.jobs({ owner: "ada" })).items).toMatchObject([{ id }]);
  });

  test("the same key makes no second job; what fails is retried, cancelled and removed", async () => {
    const options = { idempotencyKey: randomBytes(8).toString("hex") };
    const first = await millrace.submit("add", { options: { numbers: [6] } }, options);
    expect((await millrace.submit("add", { options: { numbers: [6] } }, options)).id).toBe(first.id);
    const later = await millrace.submit("add", {
      options: { numbers: [7] },
      startAt: new Date(Date.now() + 60_000),
    });
    expect((await millrace.cancel(later.id)).state).toBe("cancelled");
    await expect(millrace.retry(later.id)).rejects.toMatchObject({ code: "job_not_retryable" });
    await millrace.remove(later.id);
    await expect(millrace.wait(later.id)).rejects.toMatchObject({ code: "not_found" });
  });

  test("options that do not fit are refused, and nothing stays reserved", async () => {
    // @ts-expect-error `numbers` must be a list of numbers
    const refused = millrace.submit("add", { options: { numbers: "1" } });
    await expect(refused).rejects.toMatchObject({ code: "invalid_options" });
    await expect(millrace.submit("nothing")).rejects.toMatchObject({ code: "not_found" });
  });

  describe("the handler", () => {
    const owner = ({ headers }: IncomingMessage) => {
      const user = headers["x-user"];
      if (typeof user !== "string") return null;
      return user === "root" ? { owner: user, isAdmin: true } : user;
    };

    async function used(url: string): Promise<void> {
      const as = (user: string) =>
        createClient<{ shout: typeof shout }>({ url, headers: { "x-user": user }, retries: 0 });
      expect(await (await fetch(`${url}/own`)).text()).toBe("own");
      await expect(createClient({ url, retries: 0 }).jobs()).rejects.toMatchObject({ code: "unauthorized" });
      const content = randomBytes(50_000).toString("hex");
      for (const resumableFrom of [1_000_000, 0]) {
        const client = createClient<{ shout: typeof shout }>({
          url,
          headers: { "x-user": "ada" },
          resumableFrom,
        });
        const files = [new File([content + resumableFrom], "a.txt")];
        const job = await client.submit("shout", { files, options: { mark: "?" } });
        const types = await Array.fromAsync(client.events(job.id), ({ type }) => type);
        expect(types.at(-1)).toBe("job.succeeded");
        await expect(as("bob").job(job.id)).rejects.toMatchObject({ code: "not_found" });
        await expect(as("ada").admin.timeline(job.id)).rejects.toMatchObject({ code: "forbidden" });
        const timeline = await as("root").admin.timeline(job.id, { index: 0 });
        expect(timeline.items).toMatchObject([{ index: 0, attempt: 1, outcome: "succeeded" }]);
      }
      await expect(as("ada").admin.queues()).rejects.toMatchObject({ code: "forbidden" });
      expect(await as("root").admin.queues()).not.toEqual([]);
      const headers = { "x-user": "ada", accept: "text/html" };
      expect(await (await fetch(`${url}/`, { headers })).text()).toMatch(/<!doctype html>/i);
      const foreign = await fetch(`${url}/v1/jobs`, {
        headers: { ...headers, origin: "https://evil.example" },
      });
      expect(foreign.status).toBe(403);
    }

    test("in node:http", async () => {
      const handler = millrace.handler({ owner });
      const server = createServer((request, response) =>
        handler(request, response, () => response.end("own")),
      );
      await served(server, used);
    });

    test("in Express", async () => {
      const app = express();
      app.use(millrace.handler({ owner }));
      app.use(express.json());
      app.get("/own", (_, response) => void response.send("own"));
      await served(createServer(app), used);
    });

    test("in Fastify", async () => {
      const app = fastify();
      const handler = millrace.handler({ owner });
      app.get("/own", async () => "own");
      await app.register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser("*", (_request, _body, done) => done(null));
        scope.all("/*", (request, reply) => {
          reply.hijack();
          handler(request.raw, reply.raw);
        });
      });
      await app.ready();
      try {
        await app.listen({ port: 0, host: "127.0.0.1" });
        await used(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
      } finally {
        app.server.closeAllConnections();
        await app.close();
      }
    });

    test("after a body parser, it says what is wrong", async () => {
      const app = express();
      app.use(express.json());
      app.use(millrace.handler({ owner }));
      await served(createServer(app), async (url) => {
        const headers = { "x-user": "ada", "content-type": "application/json" };
        const response = await fetch(`${url}/v1/jobs`, { method: "POST", headers, body: "{}" });
        expect(await response.text()).toContain("before body parsers");
      });
    });
  });

  async function served(server: Server, use: (url: string) => Promise<void>): Promise<void> {
    await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }
}

describe("embedded", () => {
  suite(() => ({ data: join(folder, "data") }));
});

const schema = testSchema();
await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  afterAll(() => schema.drop());
  suite(() => ({ store: schema.url, data: join(folder, "files") }));
});
