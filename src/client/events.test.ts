import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createClient } from "./client.ts";

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

/** A server that answers with the given streams in turn. Records the cursor that each request resumes from. */
async function streams(...answers: ((response: ServerResponse) => Promise<unknown>)[]) {
  const cursors: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    cursors.push(request.headers["last-event-id"] as string | undefined);
    response.writeHead(200, { "content-type": "text/event-stream" });
    void answers.shift()!(response);
  });
  closes.push(() => server.close().closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cursors };
}

async function heardFrom(url: string): Promise<[type: string, data: unknown][]> {
  const heard: [string, unknown][] = [];
  const options = { signal: AbortSignal.timeout(10_000) };
  for await (const { type, data } of createClient({ url }).events("1", options)) heard.push([type, data]);
  return heard;
}

test("events are read however their lines end and wherever a proxy cuts them", async () => {
  const { url } = await streams(async (response) => {
    const text =
      ': open\r\n\r\nid: 1\r\nevent: item.succeeded\r\ndata: {"name":\r\ndata: "한글"}\r\n\r\nid: 2\revent: job.succeeded\rdata:{}\r\r';
    for (const byte of Buffer.from(text)) {
      response.write(Buffer.of(byte));
      await turn();
    }
    response.end();
  });
  expect(await heardFrom(url)).toEqual([
    ["item.succeeded", { name: "한글" }],
    ["job.succeeded", {}],
  ]);
});

test("it resumes after the last whole event, or after an id that came without one", async () => {
  const { url, cursors } = await streams(
    async (response) => response.end("id: 4\n\n"),
    async (response) => response.end("id: 5\nevent: job.started\ndata: {}\n\nid: 6\nevent: job.succeeded\n"),
    async (response) => response.end("id: 6\nevent: job.succeeded\ndata: {}\n\n"),
  );
  expect((await heardFrom(url)).map(([type]) => type)).toEqual(["job.started", "job.succeeded"]);
  expect(cursors).toEqual([undefined, "4", "5"]);
});

test("an end that is followed by a reopening is none", async () => {
  const { url } = await streams(async (response) => {
    response.end(
      "id: 1\nevent: job.failed\ndata: {}\n\nid: 2\nevent: job.reopened\ndata: {}\n\nid: 3\nevent: job.succeeded\ndata: {}\n\n",
    );
  });
  expect((await heardFrom(url)).map(([type]) => type)).toEqual([
    "job.failed",
    "job.reopened",
    "job.succeeded",
  ]);
});

test("whoever leaves the loop closes the connection", async () => {
  const closed = Promise.withResolvers<void>();
  const { url } = await streams(async (response) => {
    response.once("close", () => closed.resolve());
    response.write("id: 1\nevent: job.started\ndata: {}\n\n");
  });
  for await (const { id } of createClient({ url }).events("1")) {
    expect(id).toBe("1");
    break;
  }
  await closed.promise;
});

test("a live event has no id, even after a block that only has one", async () => {
  const { url } = await streams(async (response) =>
    response.end(
      'id: 7\n\nevent: item.progress\ndata: {"fraction":0.5}\n\nid: 8\nevent: job.succeeded\ndata: {}\n\n',
    ),
  );
  const ids: (string | null)[] = [];
  for await (const event of createClient({ url }).events("1")) ids.push(event.id);
  expect(ids).toEqual([null, "8"]);
});
