import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { followDeletionCost } from "./deletion-cost.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

/** An API server that accepts patches of pods, with the status that the test sets. */
async function cluster(status: () => number) {
  const patches: { url: string; type: string; token: string; body: unknown }[] = [];
  const server = createServer(async (incoming, response) => {
    let text = "";
    for await (const chunk of incoming) text += String(chunk);
    const { "content-type": type = "", authorization: token = "" } = incoming.headers;
    patches.push({
      url: `${incoming.method} ${incoming.url}`,
      type,
      token,
      body: JSON.parse(text),
    });
    response.writeHead(status()).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undo.push(() => server.close());
  return { patches, api: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test("a pod costs what it runs, and is written only when that has changed and no sooner than allowed", async () => {
  const { patches, api } = await cluster(() => 200);
  let running = 0;
  let token = "first";
  const writtenAt: number[] = [];
  const follower = followDeletionCost({
    ...{ api, namespace: "millrace", name: "worker-1", running: () => running, pauseMs: 150 },
    async token() {
      // Marks the start of a write; when the write arrives depends on the machine.
      writtenAt.push(performance.now());
      return token;
    },
    log: { warn: () => {} },
  });
  undo.push(follower.close);
  await expect.poll(() => patches.length).toBe(1);
  running = 3;
  token = "second";
  await expect.poll(() => patches.length).toBe(2);
  expect(patches.map(({ url, type, token: sent }) => [url, type, sent])).toEqual([
    ["PATCH /api/v1/namespaces/millrace/pods/worker-1", "application/merge-patch+json", "Bearer first"],
    ["PATCH /api/v1/namespaces/millrace/pods/worker-1", "application/merge-patch+json", "Bearer second"],
  ]);
  const cost = (n: string) => ({
    metadata: { annotations: { "controller.kubernetes.io/pod-deletion-cost": n } },
  });
  expect(patches.map(({ body }) => body)).toEqual([cost("0"), cost("3")]);
  expect(writtenAt[1]! - writtenAt[0]!).toBeGreaterThan(145);
});

test("a refusal is told once, and tried again", async () => {
  let status = 403;
  const { patches, api } = await cluster(() => status);
  const warned: unknown[] = [];
  const follower = followDeletionCost({
    ...{ api, namespace: "a", name: "b", running: () => 1, pauseMs: 20, token: async () => "" },
    log: { warn: (...words) => void warned.push(words) },
  });
  undo.push(follower.close);
  await expect.poll(() => patches.length).toBeGreaterThan(2);
  expect(warned).toEqual([
    ["the pod's deletion cost cannot be written", { error: "the cluster answered 403" }],
  ]);
  status = 200;
  const before = patches.length;
  await expect.poll(() => patches.length).toBeGreaterThan(before);
});
