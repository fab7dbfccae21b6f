import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { drain, ended, type Job, json, open, sendForm } from "../load/transfer.ts";
import { peakMiB, residentMiB } from "../memory.ts";
import { childrenOf, product, program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import type { Session } from "../session.ts";
import { interleave, medians } from "../statistics.ts";

interface Subject {
  name: string;
  note: string;
  url: string;
  pid: number;
}

/** Downloads a job's results as a ZIP that is built while it is sent. */
export async function zip(session: Session): Promise<Report> {
  const count = session.quick ? 100 : 400;
  const files = Array.from({ length: count }, (_, n) => ({
    name: `${n}.bin`,
    data: randomBytes(1024 * 1024),
  }));
  const own = await product(session, { workers: 1 });
  const made = await json<Job>(await sendForm(`${own.url}/v1/jobs`, { pipeline: "bench.copy" }, files));
  await ended(own.url, made.id);
  const folder = join(session.folder, "files");
  await mkdir(folder);
  const floor = await program(session, "files-server.ts", [folder]);
  await drain(await sendForm(`${floor.ready.url}/v1/jobs`, {}, files));
  const api = childrenOf(own.child.pid!).find((child) => child.role === "api")!;
  const subjects: Subject[] = [
    {
      name: "Millrace",
      note: "with `manifest.json`",
      url: `${own.url}/v1/jobs/${made.id}/archive`,
      pid: api.pid,
    },
    { name: "Fastify and zip-stream", note: "", url: `${floor.ready.url}/archive`, pid: floor.child.pid! },
  ];
  for (const { url } of subjects) await drain(await open(url));
  const idle = new Map(subjects.map((subject) => [subject, residentMiB(subject.pid)]));
  const results = await interleave(subjects, session.quick ? 2 : 5, async (subject, round) => {
    const began = performance.now();
    const { value: bytes, peak } = await peakMiB(subject.pid, async () => drain(await open(subject.url)));
    const perSecond = bytes / 1_000 / (performance.now() - began);
    session.say(`round ${round + 1} ${subject.name}: ${Math.round(perSecond)} MB/s, ${Math.round(peak)} MiB`);
    return { perSecond, growth: peak - idle.get(subject)! };
  });
  const reached = medians(results.get(subjects[0]!)!);
  return {
    name: "zip",
    title: "Downloading a ZIP",
    method: [
      `${count} results of 1 MiB that do not shrink, stored; read over loopback as fast as they come.`,
      "Memory: how much more the process held at most than before.",
    ],
    columns: [
      { name: "perSecond", title: "MB/s", digits: 0 },
      { name: "growth", title: "memory, MiB more", digits: 0 },
    ],
    rows: subjects.map((subject) => ({
      subject: subject.name,
      figures: medians(results.get(subject)!),
      note: subject.note,
    })),
    targets: [
      target("ZIP", reached.perSecond, { atLeast: 200 }, "MB/s"),
      target("memory for one download", reached.growth, { atMost: 100 }, "MiB"),
    ],
  };
}
