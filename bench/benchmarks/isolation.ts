import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Latencies, openLoop } from "../load/clients.ts";
import { saturate } from "../load/saturate.ts";
import { ended, type Job, json, open, sendForm } from "../load/transfer.ts";
import { photos } from "../photos.ts";
import { product, program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import type { Session } from "../session.ts";
import { medians } from "../statistics.ts";

const CLIENTS = 120;
const PHOTOS = 4;
/** Requests per second: the load at which the first system of the mission was measured. */
const STEADY = 850;
/** Accepted and scheduled for later, to measure the API without the work it creates. */
const BODY = JSON.stringify({
  pipeline: "bench.noop",
  options: { text: "x".repeat(200) },
  startAt: new Date(Date.now() + 86_400_000).toISOString(),
});

interface Subject {
  name: string;
  note: string;
  url: string;
  /** Keeps every core busy converting photos. Resolves once they are busy, with a function that stops the work. */
  busy(): Promise<() => Promise<void>>;
}

/** Whether the API stays fast while the workers are saturated. */
export async function isolation(session: Session): Promise<Report> {
  const files = await photos(PHOTOS);
  const subjects = [await millrace(session, files), await inProcess(session, files)];
  const seconds = session.quick ? 3 : 8;
  const rows = [];
  for (const subject of subjects) {
    const url = `${subject.url}/v1/jobs`;
    await saturate(url, BODY, { connections: CLIENTS, seconds: 1 });
    const { perSecond } = await saturate(url, BODY, { connections: CLIENTS, seconds: session.quick ? 2 : 4 });
    const rates = [Math.round(perSecond / 2), STEADY];
    const idle: Latencies[][] = rates.map(() => []);
    const busy: Latencies[][] = rates.map(() => []);
    for (let round = 0; round < (session.quick ? 1 : 3); round++) {
      for (const [index, rate] of rates.entries()) {
        const load = () => openLoop(url, () => BODY, { clients: CLIENTS, perSecond: rate, seconds });
        idle[index]!.push(await load());
        const stop = await subject.busy();
        busy[index]!.push(await load());
        await stop();
        const times = [idle, busy].map((rounds) => rounds[index]!.at(-1)!.p95.toFixed(1)).join(" and ");
        session.say(`round ${round + 1} ${subject.name}: ${rate}/s, p95 ${times} ms`);
      }
    }
    for (const [index, rate] of rates.entries()) {
      const [before, after] = [medians(idle[index]!), medians(busy[index]!)];
      const figures = {
        perSecond: rate,
        idleP50: before.p50,
        busyP50: after.p50,
        idleP95: before.p95,
        busyP95: after.p95,
        busyP99: after.p99,
      };
      rows.push({ subject: subject.name, figures, note: subject.note });
    }
  }
  const [half, steady] = [rows[0]!.figures, rows[1]!.figures];
  return {
    name: "isolation",
    title: "The API while the workers are saturated",
    method: [
      `\`POST /v1/jobs\` at half of the rate that the server reached before and at ${STEADY}/s, at random times whatever it does, over ${CLIENTS} connections; the load generator runs on the same cores.`,
      "A latency counts from when the request was due. Saturated: more photos of 12 megapixels to convert than the cores can take.",
      "The baseline takes requests and does the work in one process, in its pool of threads.",
    ],
    columns: [
      { name: "perSecond", title: "requests/s", digits: 0 },
      { name: "idleP50", title: "p50 ms, idle" },
      { name: "busyP50", title: "saturated" },
      { name: "idleP95", title: "p95 ms, idle" },
      { name: "busyP95", title: "saturated" },
      { name: "busyP99", title: "p99 ms, saturated" },
    ],
    rows,
    targets: [
      target("p95 saturated above idle, half of the rate", half.busyP95 - half.idleP95, { atMost: 25 }, "ms"),
      target(`p95 saturated at ${STEADY}/s`, steady.busyP95, { atMost: 4.7 }, "ms"),
    ],
  };
}

async function millrace(session: Session, files: string[]): Promise<Subject> {
  const workers = availableParallelism();
  const { url } = await product(session, { workers });
  const parts = await Promise.all(
    files.map(async (path) => ({ name: basename(path), data: await readFile(path) })),
  );
  const options = (quality: number, width: number) => JSON.stringify({ width, quality, format: "webp" });
  const fields = { pipeline: "image.convert", options: options(10, 64) };
  const first = await ended(url, (await json<Job>(await sendForm(`${url}/v1/jobs`, fields, parts))).id);
  const uploaded = first.items.map((item) => ({ artifactId: item.input.artifactId }));
  let width = 1_280;
  const create = async (quality: number): Promise<string> => {
    const body = `{"pipeline":"image.convert","files":${JSON.stringify(uploaded)},"options":${options(quality, width)}}`;
    const headers = { "content-type": "application/json" };
    return ((await (await fetch(`${url}/v1/jobs`, { method: "POST", headers, body })).json()) as Job).id;
  };
  return {
    name: "Millrace",
    note: `${workers} worker processes, niced`,
    url,
    async busy() {
      width++;
      const ids = await Promise.all(Array.from({ length: 60 }, (_, n) => create(40 + n)));
      await sleep(1_000);
      return async () => {
        const left = await Promise.all(ids.map(async (id) => json<Job>(await open(`${url}/v1/jobs/${id}`))));
        const running = left.filter((job) => job.finishedAt === null);
        if (running.length === 0) throw new Error("the workers had too little to do");
        const cancel = (job: Job) => fetch(`${url}/v1/jobs/${job.id}/cancel`, { method: "POST" });
        await Promise.all(running.map(cancel));
        await sleep(1_000);
      };
    },
  };
}

async function inProcess(session: Session, files: string[]): Promise<Subject> {
  const { ready, child } = await program(session, "server.ts", ["sqlite", join(session.folder, "pool.db")]);
  return {
    name: "one process with a pool of threads",
    note: "Fastify, the same validation, one insert",
    url: ready.url as string,
    async busy() {
      child.send({ convert: files });
      await sleep(1_000);
      return async () => {
        child.send({ convert: [] });
        await sleep(1_000);
      };
    },
  };
}
