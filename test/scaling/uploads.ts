/**
 * `npm run scale:uploads`: the API's response times while uploads arrive as fast as possible, at the API itself and
 * at a server that only accepts uploads. Prints one line of JSON; times in ms.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { readArguments } from "../../scripts/arguments.ts";
import { startCluster } from "./cluster.ts";

const FILE = randomBytes(8 * 1024 * 1024);
const MEASURE_MS = 15_000;
const AT_ONCE = 4;

/** Uploads one file with tus; @returns its id */
export async function upload(url: string, bytes: Buffer): Promise<string> {
  const headers = { "tus-resumable": "1.0.0" };
  const made = await fetch(`${url}/v1/uploads`, {
    method: "POST",
    headers: {
      ...headers,
      "upload-length": String(bytes.length),
      "upload-metadata": `filename ${btoa("a.txt")}`,
    },
  });
  if (made.status !== 201) throw new Error(`${made.status}: ${await made.text()}`);
  const path = new URL(made.headers.get("location")!, url).pathname;
  const sent = await fetch(url + path, {
    method: "PATCH",
    headers: { ...headers, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
    body: new Uint8Array(bytes),
  });
  if (sent.status !== 204) throw new Error(`${sent.status}: ${await sent.text()}`);
  return path.split("/").at(-1)!;
}

async function measure(url: string, job: string, uploadsTo: string | null) {
  const until = performance.now() + MEASURE_MS;
  let megabytes = 0;
  const load = Array.from({ length: uploadsTo === null ? 0 : AT_ONCE }, async () => {
    while (performance.now() < until) {
      await upload(uploadsTo!, FILE);
      megabytes += FILE.length / 1e6;
    }
  });
  const took: number[] = [];
  const asking = Array.from({ length: 8 }, async () => {
    while (performance.now() < until) {
      const began = performance.now();
      await (await fetch(`${url}/v1/jobs/${job}`)).arrayBuffer();
      took.push(performance.now() - began);
      await sleep(20);
    }
  });
  await Promise.all([...load, ...asking]);
  took.sort((a, b) => a - b);
  const at = (q: number) => Number(took[Math.floor(took.length * q)]!.toFixed(1));
  return {
    p50: at(0.5),
    p95: at(0.95),
    requests: took.length,
    megabytesPerSecond: Math.round(megabytes / (MEASURE_MS / 1_000)),
  };
}

if (import.meta.main) {
  readArguments({
    command: "npm run scale:uploads",
    about: "Measures the API's response times during uploads. Prints one line of JSON; times in ms.",
  });
  const cluster = await startCluster({});
  try {
    const uploads = await cluster.uploads();
    const job = await cluster.submit(["sleep 1"]);
    await measure(cluster.url, job, null);
    const quiet = await measure(cluster.url, job, null);
    const toApi = await measure(cluster.url, job, cluster.url);
    const toUploads = await measure(cluster.url, job, uploads);
    console.log(JSON.stringify({ quiet, toApi, toUploads }));
  } finally {
    await cluster.close();
  }
}
