import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { drain, type Part, sendForm } from "../load/transfer.ts";
import { peakMiB, residentMiB } from "../memory.ts";
import { childrenOf, product, program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import type { Session } from "../session.ts";
import { interleave, medians } from "../statistics.ts";

const FILE_MIB = 20;

interface Subject {
  name: string;
  note: string;
  url: string;
  pid: number;
}

/** How fast the files of a form reach the disk. */
export async function upload(session: Session): Promise<Report> {
  const subjects = await start(session);
  const files = Array.from({ length: session.quick ? 5 : 20 }, (_, n) => fresh(`file-${n}`));
  for (const { url } of subjects) await send(url, files.slice(0, 2));
  const idle = new Map(subjects.map((subject) => [subject, residentMiB(subject.pid)]));
  const results = await interleave(subjects, session.quick ? 1 : 4, async (subject, round) => {
    // Different content each time, so that deduplication never applies.
    for (const { data } of files) randomBytes(16).copy(data);
    const began = performance.now();
    const { peak } = await peakMiB(subject.pid, () => send(subject.url, files));
    const perSecond = (files.length * FILE_MIB * 1.048_576 * 1_000) / (performance.now() - began);
    session.say(`round ${round + 1} ${subject.name}: ${Math.round(perSecond)} MB/s, ${Math.round(peak)} MiB`);
    return { perSecond, growth: peak - idle.get(subject)! };
  });
  const own = medians(results.get(subjects[0]!)!);
  return {
    name: "upload",
    title: "Uploading",
    method: [
      `One form with ${files.length} files of ${FILE_MIB} MiB over one connection; each is hashed with SHA-256, written and synced before the answer.`,
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
      target("upload", own.perSecond, { atLeast: 200 }, "MB/s"),
      target("memory for one request", own.growth, { atMost: 100 }, "MiB"),
    ],
  };
}

async function start(session: Session): Promise<Subject[]> {
  const own = await product(session, { workers: 0 });
  const folder = join(session.folder, "files");
  await mkdir(folder);
  const floor = await program(session, "files-server.ts", [folder]);
  return [
    { name: "Millrace", note: "and the records", url: own.url, pid: childrenOf(own.child.pid!)[0]!.pid },
    {
      name: "Fastify and @fastify/multipart",
      note: "",
      url: floor.ready.url as string,
      pid: floor.child.pid!,
    },
  ];
}

function fresh(name: string): Part {
  return { name, data: randomBytes(FILE_MIB * 1024 * 1024) };
}

async function send(url: string, files: readonly Part[]): Promise<void> {
  await drain(await sendForm(`${url}/v1/jobs`, { pipeline: "bench.copy" }, files));
}
