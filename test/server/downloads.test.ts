import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copy, createJob, ended, form, type JobJson } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen, type SseClient } from "./sse-client.ts";
import { signedIn } from "./visitors.ts";

const MB = 1024 * 1024;
let server: Running;
let stream: SseClient;

beforeAll(async () => {
  server = await start({ pipelines: [copy] });
  stream = await listen(server.url, "/v1/events");
});
afterAll(async () => {
  await stream?.cut();
  await server?.close();
});

interface Told {
  downloads: number;
  sentBytes: number;
  totalBytes: number;
  downloadedAt?: string;
}

const archiveOf = (id: string) => `${server.url}/v1/jobs/${id}/archive`;
/** What the stream told of the downloads of a job. */
const told = (id: string) =>
  stream.events
    .filter(({ event, data }) => event === "archive.progress" && data.jobId === id)
    .map(({ data }) => data.archive as Told);

async function downloadedAt(id: string): Promise<string | null> {
  const job = (await (await fetch(`${server.url}/v1/jobs/${id}`)).json()) as JobJson;
  return (job.archive as { downloadedAt: string | null }).downloadedAt;
}

/** A job whose archive is larger than what waits in sockets. */
async function largeJob(): Promise<JobJson> {
  const files = [0, 1, 2, 3, 4].map((n) => [`${n}.txt`, Buffer.alloc(3 * MB, `${n}\n`)] as const);
  const { id } = await createJob(server.url, form("copy", files));
  return ended(server.url, id);
}

async function smallJob(): Promise<JobJson> {
  const { id } = await createJob(server.url, form("copy", [["a.txt", `small ${Math.random()}`]]));
  return ended(server.url, id);
}

/** A client that asks for the archive, takes the first bytes of it and waits. */
async function hesitant(id: string): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`GET /v1/jobs/${id}/archive HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
  await once(socket, "data");
  socket.pause();
  return socket;
}

test("a download is told as it goes on, and its end is kept with the job", async () => {
  const { id, archive } = await largeJob();
  expect(archive).toEqual({ downloadedAt: null });
  const socket = await hesitant(id);
  await expect.poll(() => told(id).length).toBeGreaterThan(0);
  const first = told(id)[0]!;
  expect(first).toMatchObject({ downloads: 1 });
  expect(first.totalBytes).toBeGreaterThan(15 * MB);
  expect(first.sentBytes).toBeGreaterThan(0);
  expect(first.sentBytes).toBeLessThan(first.totalBytes);
  expect(await downloadedAt(id)).toBeNull();

  socket.resume();
  await expect.poll(() => told(id).at(-1)?.downloadedAt).toBeTypeOf("string");
  const last = told(id).at(-1)!;
  expect(last).toEqual({ downloads: 0, sentBytes: 0, totalBytes: 0, downloadedAt: last.downloadedAt });
  expect(Math.abs(Date.parse(last.downloadedAt!) - Date.now())).toBeLessThan(10_000);
  expect(await downloadedAt(id)).toBe(last.downloadedAt);
  const list = (await (await fetch(`${server.url}/v1/jobs`)).json()) as { items: JobJson[] };
  expect(list.items.find((one) => one.id === id)!.archive).toEqual({ downloadedAt: last.downloadedAt });
  socket.destroy();
});

test("an aborted download does not count, and its end is told", async () => {
  const { id } = await largeJob();
  const socket = await hesitant(id);
  await expect.poll(() => told(id).length).toBeGreaterThan(0);
  socket.destroy();
  await expect.poll(() => told(id).at(-1)?.downloads, { timeout: 5_000 }).toBe(0);
  expect(told(id).some((one) => one.downloadedAt)).toBe(false);
  expect(await downloadedAt(id)).toBeNull();
});

test("downloads that wait on one connection end with it", async () => {
  const { id } = await largeJob();
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`GET /v1/jobs/${id}/archive HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`.repeat(3));
  await once(socket, "data");
  socket.pause();
  await expect.poll(() => told(id).at(-1)?.downloads).toBe(3);
  socket.destroy();
  await expect.poll(() => told(id).at(-1)?.downloads, { timeout: 5_000 }).toBe(0);
  expect(await downloadedAt(id)).toBeNull();
});

test("many downloads of a job are told together, at most twice a second", async () => {
  const { id } = await largeJob();
  const sockets = await Promise.all(Array.from({ length: 5 }, () => hesitant(id)));
  await expect.poll(() => told(id).at(-1)?.downloads).toBe(5);
  const before = told(id).length;
  const since = performance.now();
  const bodies = await Promise.all(Array.from({ length: 20 }, () => fetch(archiveOf(id))));
  await Promise.all(bodies.map((body) => body.arrayBuffer()));
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => told(id).at(-1)?.downloads, { timeout: 10_000 }).toBe(0);
  const most = (performance.now() - since) / 500 + 1;
  expect(told(id).length - before).toBeLessThanOrEqual(most);
});

test.each([
  [undefined, true],
  ["bytes=0-", true],
  ["bytes=100-", true],
  ["bytes=-22", false],
  ["bytes=0-99", false],
  // Not understood: it gets the whole archive.
  ["bytes=5-4", true],
])("with the range %s, it counts: %s", async (range, counts) => {
  const { id } = await smallJob();
  const answer = await fetch(archiveOf(id), { headers: range === undefined ? {} : { range } });
  await answer.arrayBuffer();
  if (counts) await expect.poll(() => downloadedAt(id)).toBeTypeOf("string");
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect((await downloadedAt(id)) !== null).toBe(counts);
  expect(told(id).length > 0).toBe(counts);
});

test("neither the headers alone nor another file count", async () => {
  const { id, items } = await smallJob();
  await fetch(archiveOf(id), { method: "HEAD" });
  await (await fetch(`${server.url}/v1/artifacts/${items[0]!.outputs[0]!.artifactId}`)).arrayBuffer();
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect([await downloadedAt(id), told(id)]).toEqual([null, []]);
});

test("a download from a share link counts, and only the owner hears of it", async () => {
  const open = await start({ pipelines: [copy], accounts: {} });
  try {
    const [ada, ben] = [await signedIn(open, "ada@example.org"), await signedIn(open, "ben@example.org")];
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const streams = [
      await listen(open.url, "/v1/events", null, bearer(ada.token)),
      await listen(open.url, "/v1/events", null, bearer(ben.token)),
    ];
    const body = form("copy", [["a.txt", "of Ada"]]);
    const made = await fetch(`${open.url}/v1/jobs`, { method: "POST", headers: bearer(ada.token), body });
    const { id } = (await made.json()) as JobJson;
    await ada.json(200, `/v1/jobs/${id}?wait=20`);
    const share = await ada.json<{ url: string }>(201, `/v1/jobs/${id}/share`, undefined, "POST");
    await (await fetch(share.url)).arrayBuffer();
    const heard = () =>
      streams.map(({ events }) => events.filter(({ event }) => event === "archive.progress").length);
    await expect.poll(() => heard()[0]).toBeGreaterThan(0);
    expect(heard()[1]).toBe(0);
    const job = await ada.json<JobJson>(200, `/v1/jobs/${id}`);
    expect(job.archive).toEqual({ downloadedAt: expect.any(String) });
    for (const one of streams) await one.cut();
  } finally {
    await open.close();
  }
});
