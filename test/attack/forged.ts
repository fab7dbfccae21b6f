import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { cleaners } from "../crash/cleaning.ts";
import { freePort, type Running, startMillrace } from "../crash/processes.ts";
import { serviceUrls } from "../services.ts";
import { type Attack, endedJob, pictureForm, post, type Target } from "./target.ts";

const QUEUE = "image.convert/convert";
const WAIT_MS = 20_000;
const ROUNDS = 2_000;

/** Sends messages as an attacker with access to the server's Redis, but without any of its keys. */
export const forged: Attack = {
  name: "forged messages",
  isLong: true,
  async run() {
    const name = `attack-${randomBytes(4).toString("hex")}`;
    const urls = serviceUrls(name);
    const data = await mkdtemp(join(tmpdir(), `millrace-${name}-`));
    let server: Running;
    try {
      server = await startMillrace({
        port: await freePort(),
        args: ["--data", data, "--workers", "1", "--log-level", "error"],
        env: { MILLRACE_STORE: urls.postgres, MILLRACE_BROKER: urls.redis },
      });
    } catch (error) {
      await rm(data, { recursive: true, force: true });
      return { tries: 0, findings: [`PostgreSQL and Redis are needed: ${(error as Error).message}`] };
    }
    const redis = new Redis(urls.redis);
    try {
      return await forge(server.url, redis, name);
    } finally {
      redis.disconnect();
      await server.stop();
      await cleaners.redis(urls.redis);
      await cleaners.postgres(urls.postgres);
      await rm(data, { recursive: true, force: true });
    }
  },
};

async function forge(url: string, redis: Redis, prefix: string) {
  const findings: string[] = [];
  const heard = listen(url);
  const tell = (topic: string, message: string) =>
    redis.publish(`${prefix}:bus:${redis.options.db ?? 0}:${topic}`, message);
  const stream = `${prefix}:{${QUEUE}}`;
  const hint = { taskId: "0190a0b0-0000-7000-8000-000000000000.0", generation: 1 };
  for (let n = 0; n < ROUNDS; n++) {
    await Promise.all([
      ...MESSAGES.map(([topic, message]) => tell(topic, message)),
      redis.xadd(stream, "*", "i", `a${n}`, "p", JSON.stringify(hint)),
      redis.xadd(stream, "*", "i", `b${n}`, "p", JSON.stringify({ ...hint, tag: "A".repeat(22) })),
      redis.xadd(stream, "*", "i", `c${n}`, "p", "[".repeat(1_000)),
      redis.xadd(stream, "*", "anything", "else"),
    ]);
  }
  await redis.xadd(`${prefix}:{made/up}`, "*", "i", "x", "p", JSON.stringify(hint));
  const answer = await post({ url } as Target, "/v1/jobs", pictureForm());
  const { id } = (await answer.json()) as { id: string };
  const job = await endedJob(url, id, 3);
  if (job.state !== "succeeded") findings.push(`an honest job is ${job.state}`);
  const until = performance.now() + WAIT_MS;
  while ((await redis.xlen(stream)) > 0 && performance.now() < until) await sleep(200);
  const left = await redis.xlen(stream);
  if (left > 0) findings.push(`${left} forged deliveries are still in the stream`);
  if (await redis.exists(`${stream}:dead`)) findings.push("forged deliveries became dead letters");
  const metrics = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
  for (const [, queue] of metrics.matchAll(/queue="([^"]*)"/g))
    if (queue !== QUEUE) findings.push(`a queue of no pipeline is measured: ${queue}`);
  if (!/^millrace_messages_dropped_total\{source="bus",reason="unsigned"\} [1-9]/m.test(metrics))
    findings.push("forged messages of the bus are not counted");
  if (FORGED.test(await heard.stop())) findings.push("a client was told something that was forged");
  return { tries: ROUNDS * (MESSAGES.length + 4) + 1, findings: [...new Set(findings)] };
}

const step = { queue: QUEUE, outcome: "succeeded", count: 3e10, seconds: 1 };
const live = { owner: "local", jobId: "forged", type: "item.progress", index: 0, attempt: 1 };
const FORGED = /forged|job\.made-up/;
const MESSAGES: readonly [topic: string, message: string][] = [
  ["metrics", JSON.stringify({ worker: "w", steps: [step], dropped: [] })],
  ["metrics", JSON.stringify({ worker: "w", steps: [{ ...step, queue: "made/up", count: 1 }], dropped: [] })],
  ["live", JSON.stringify({ ...live, data: { step: "convert", fraction: 1, message: "forged" } })],
  ["live", JSON.stringify({ ...live, type: "job.made-up", data: {} })],
  ["live", '"\n\nevent: job.made-up\ndata: {}\n\n'],
  ["live", "[".repeat(6_000)],
  ["log", "local"],
  ["log", "x".repeat(6_000)],
  ["revoked", JSON.stringify(Array(100).fill("forged"))],
  ["revoked", "null"],
];

/** Collects what a client receives until `stop` is called. */
function listen(url: string): { stop(): Promise<string> } {
  const stopping = new AbortController();
  let text = "";
  const reading = (async () => {
    const events = await fetch(`${url}/v1/events`, { signal: stopping.signal });
    for await (const part of events.body!.pipeThrough(new TextDecoderStream())) text += part;
  })().catch(() => {});
  return {
    async stop() {
      stopping.abort();
      await reading;
      return text;
    },
  };
}
