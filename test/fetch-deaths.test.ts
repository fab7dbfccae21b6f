import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../src/testing/wait.ts";
import { childrenOf, freePort, startMillrace } from "./crash/processes.ts";

test("a file is fetched again when the worker that fetched it dies, and no attempt is charged", {
  timeout: 120_000,
}, async () => {
  const picture = await readFile(join(import.meta.dirname, "..", "samples", "sea.jpg"));
  let requests = 0;
  // The first download never ends.
  const web = createServer((_, response) => {
    requests++;
    response.writeHead(200, { "content-length": picture.length });
    if (requests === 1) response.write(picture.subarray(0, 10_000));
    else response.end(picture);
  }).listen(0, "127.0.0.1");
  await once(web, "listening");
  const data = await mkdtemp(join(tmpdir(), "millrace-fetch-"));
  const server = await startMillrace({
    port: await freePort(),
    args: ["--data", data, "--workers", "1"],
    env: { MILLRACE_OUTGOING_ALLOW: "127.0.0.1" },
  });
  try {
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/sea.jpg`;
    const created = await fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pipeline: "image.convert", options: { width: 100 }, files: [{ url }] }),
    });
    const { id } = (await created.json()) as { id: string };
    await eventually(
      () => requests === 1,
      30_000,
      () => "nothing was fetched",
    );
    const worker = childrenOf(server.child.pid!).find(({ role }) => role === "worker")!;
    process.kill(worker.pid, "SIGKILL");
    const ended = await fetch(`${server.url}/v1/jobs/${id}?wait=60`);
    expect(await ended.json()).toMatchObject({
      state: "succeeded",
      items: [{ name: "sea.jpg", attempt: 1, input: { bytes: picture.length } }],
    });
    expect(requests).toBe(2);
    const log = await (await fetch(`${server.url}/v1/jobs/${id}/events`)).text();
    const started = [...log.matchAll(/event: item\.started\n(?:.*\n)*?data: (.*)/g)].map(([, data]) =>
      JSON.parse(data!),
    );
    const fetched = started.filter(({ step }) => step === "fetch-url");
    expect(fetched.map(({ attempt }) => attempt)).toEqual([1, 1]);
  } finally {
    web.closeAllConnections();
    web.close();
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
});
