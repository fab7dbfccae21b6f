import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../statistics.ts";

export interface Latencies {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  [figure: string]: number;
}

/** Each client sends a request, waits for the answer, and thinks for 40 to 240 ms: about 7 requests per second. */
export async function thinkingClients(
  url: string,
  body: () => string,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<Latencies> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const times: number[] = [];
  const until = performance.now() + seconds * 1_000;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      await sleep(240 * Math.random());
      while (performance.now() < until) {
        const began = performance.now();
        await post(agent, url, body());
        times.push(performance.now() - began);
        await sleep(40 + 200 * Math.random());
      }
    }),
  );
  agent.destroy();
  return summary(times, seconds);
}

/**
 * Sends requests at a fixed rate, regardless of how the server copes. Latency counts from when a request was due,
 * so that a server that stalls cannot hide behind the clients it holds up.
 */
export async function openLoop(
  url: string,
  body: () => string,
  { clients, perSecond, seconds }: { clients: number; perSecond: number; seconds: number },
): Promise<Latencies> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const times: number[] = [];
  const pending = new Set<Promise<void>>();
  const began = performance.now();
  const until = began + seconds * 1_000;
  for (let due = began; due < until; due += (-Math.log(1 - Math.random()) * 1_000) / perSecond) {
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    const asked = post(agent, url, body()).then(() => {
      times.push(performance.now() - due);
      pending.delete(asked);
    });
    pending.add(asked);
  }
  await Promise.all(pending);
  agent.destroy();
  return summary(times, seconds);
}

export function post(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const asked = request(url, { method: "POST", agent, headers }, (answer) => {
      answer.resume();
      answer.once("error", reject);
      answer.once("end", () => {
        if (answer.statusCode === 202) resolve();
        else reject(new Error(`${url} answered ${answer.statusCode}`));
      });
    });
    asked.once("error", reject);
    asked.end(body);
  });
}

function summary(times: number[], seconds: number): Latencies {
  return {
    perSecond: times.length / seconds,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
  };
}
