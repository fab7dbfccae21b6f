import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../testing/wait.ts";
import type { WorkSettings } from "../workloads/workload.ts";
import type { Installation, Services, Subject } from "./architecture.ts";
import { instances, pool, synchronous } from "./synchronous.ts";

const nothing: Services = { postgres: null, redis: null, rabbitmq: null, kafka: null };
const sleeping = (amount: number): WorkSettings => ({ workload: "sleep", amount, device: null });
let running: Installation | null = null;
let folder = "";

async function start(subject: Subject, work: WorkSettings, workers = 1): Promise<Installation> {
  folder = await mkdtemp(join(tmpdir(), "millrace-lab-"));
  running = await subject.start({ work, workers, services: nothing, name: "test", folder });
  return running;
}

afterEach(async () => {
  await running?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Sends the same request as the original's load scripts. */
function ask({ url, path }: Installation): Promise<Response> {
  const form = new FormData();
  form.set("file", new Blob(["work"], { type: "text/plain" }), "문서.txt");
  return fetch(url + path, { method: "POST", body: form });
}

async function held(installation: Installation) {
  const [{ ready, running: working } = { ready: 0, running: 0 }] = await installation.held();
  return { ready, working };
}

async function holds(installation: Installation, expected: Awaited<ReturnType<typeof held>>): Promise<void> {
  let last: unknown;
  const matches = async () => {
    last = await held(installation);
    return isDeepStrictEqual(last, expected);
  };
  await eventually(matches, 10_000, () => `it holds ${JSON.stringify(last)}`);
}

test.each([
  ["V0", synchronous, "/v0/ocr/sync"],
  ["V1", pool({ threads: 2, queue: 1, overflow: "refuse" }), "/v1/ocr/sync"],
  ["V2", instances, "/v2/ocr/sync"],
] as const)("%s answers under the original's route, and counts what it holds", async (_, subject, path) => {
  const api = await start(subject, sleeping(1_000), 2);
  expect(api.path).toBe(path);
  const asked = [ask(api), ask(api)];
  await holds(api, { ready: 0, working: 2 });
  for (const answer of await Promise.all(asked)) {
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ preview: "slept", startedAt: expect.any(Number) });
  }
  expect(await held(api)).toEqual({ ready: 0, working: 0 });
  expect(await (await fetch(api.idleUrl)).text()).toBe("ok");
  expect((await fetch(`${api.url}/v9/ocr/sync`)).status).toBe(404);
});

test("a full pool refuses, where it does", async () => {
  const api = await start(pool({ threads: 1, queue: 1, overflow: "refuse" }), sleeping(1_000));
  const statuses = await Promise.all([1, 2, 3].map(async () => (await ask(api)).status));
  expect(statuses.sort()).toEqual([200, 200, 503]);
});

test("a full pool whose caller runs the work begins more than it has threads", async () => {
  const api = await start(pool({ threads: 1, queue: 0, overflow: "caller-runs" }), sleeping(1_000));
  const asked = [ask(api), ask(api), ask(api)];
  await holds(api, { ready: 0, working: 3 });
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200]);
});
