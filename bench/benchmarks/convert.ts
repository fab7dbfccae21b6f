import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { output } from "../conditions.ts";
import { drain, ended, type Job, json, open, sendForm } from "../load/transfer.ts";
import { photos } from "../photos.ts";
import { type Program, product, program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import type { Session } from "../session.ts";
import { interleave, median } from "../statistics.ts";

const WIDTH = 1280;

interface Subject {
  name: string;
  note: string;
  /** In ms, from "the photos are there" to "the last one is converted". */
  convert(quality: number): Promise<number>;
  /** In ms, from the first byte sent to the last byte of the ZIP. */
  throughServer?(quality: number): Promise<number>;
}

/** Converts 12-megapixel photos to 1280-pixel WebP. */
export async function convert(session: Session): Promise<Report> {
  const files = await photos(session.quick ? 8 : 50);
  const subjects = [
    await millrace(session, files),
    await bareSharp(session, files),
    ...(await commands(session, files)),
  ];
  const results = await interleave(subjects, session.quick ? 1 : 3, async (subject, round) => {
    // A different quality in each round, so that nothing comes from a cache.
    const quality = 78 + 2 * round;
    const convertMs = await subject.convert(quality);
    const serverMs = (await subject.throughServer?.(quality + 1)) ?? Number.NaN;
    session.say(
      `round ${round + 1} ${subject.name}: ${Math.round(convertMs)} ms, ${Math.round(serverMs)} ms`,
    );
    return { convertMs, serverMs };
  });
  const [own, bare] = subjects.map((subject) => results.get(subject)!);
  const compared = (name: "convertMs" | "serverMs") =>
    median(own!.map((figures, round) => bare![round]![name] / figures[name]));
  return {
    name: "convert",
    title: "Converting photos",
    method: [
      `${files.length} photos of 12 megapixels to ${WIDTH} pixels, WebP; ${availableParallelism()} cores.`,
      "Converting: for Millrace from the job's creation (of files uploaded before) to its end by its own times; for the others over files in a folder.",
      "Upload to ZIP: one form with all photos, and the ZIP of the results read to its end; bare sharp stands behind Fastify, which hashes, writes and syncs each file.",
    ],
    columns: [
      { name: "perSecond", title: "photos/s" },
      { name: "convertMs", title: "converting, ms", digits: 0 },
      { name: "serverMs", title: "upload to ZIP, ms", digits: 0 },
    ],
    rows: subjects.map((subject) => {
      const rounds = results.get(subject)!;
      const convertMs = median(rounds.map((figures) => figures.convertMs));
      const serverMs = median(rounds.map((figures) => figures.serverMs));
      const figures = { perSecond: (files.length * 1_000) / convertMs, convertMs, serverMs };
      return { subject: subject.name, figures, note: subject.note };
    }),
    targets: [
      target("converting, against bare sharp", compared("convertMs"), { atLeast: 0.95 }),
      target("upload to ZIP, against bare sharp", compared("serverMs"), { atLeast: 0.9 }),
    ],
  };
}

async function millrace(session: Session, files: string[]): Promise<Subject> {
  const { url } = await product(session, { workers: availableParallelism() });
  const parts = await Promise.all(
    files.map(async (path) => ({ name: basename(path), data: await readFile(path) })),
  );
  const options = (quality: number) => ({ width: WIDTH, format: "webp", quality });
  const upload = async (quality: number) => {
    const fields = { pipeline: "image.convert", options: JSON.stringify(options(quality)) };
    return json<Job>(await sendForm(`${url}/v1/jobs`, fields, parts));
  };
  // Also warms up the workers, as bare sharp is warm after its first round.
  const first = await ended(url, (await upload(10)).id);
  const uploaded = first.items.map((item) => ({ artifactId: item.input.artifactId }));
  return {
    name: "Millrace",
    note: "a worker process for each core, two photos at once in each",
    async convert(quality) {
      const body = JSON.stringify({ pipeline: "image.convert", options: options(quality), files: uploaded });
      const headers = { "content-type": "application/json" };
      const created = (await (
        await fetch(`${url}/v1/jobs`, { method: "POST", headers, body })
      ).json()) as Job;
      const job = await ended(url, created.id);
      return Date.parse(job.finishedAt!) - Date.parse(job.createdAt);
    },
    async throughServer(quality) {
      const began = performance.now();
      const { id } = await upload(quality);
      await ended(url, id);
      await drain(await open(`${url}/v1/jobs/${id}/archive`));
      return performance.now() - began;
    },
  };
}

async function bareSharp(session: Session, files: string[]): Promise<Subject> {
  const folder = join(session.folder, "sharp");
  await mkdir(folder);
  const loop = await program(session, "bare-sharp.ts", [folder]);
  const server = await program(session, "files-server.ts", [folder]);
  const parts = await Promise.all(
    files.map(async (path) => ({ name: basename(path), data: await readFile(path) })),
  );
  await loopOnce(loop, files, 10);
  return {
    name: "bare sharp",
    note: "one process, two photos at once for each core",
    convert: (quality) => loopOnce(loop, files, quality),
    async throughServer(quality) {
      const began = performance.now();
      await drain(await sendForm(`${server.ready.url}/convert?quality=${quality}`, {}, parts));
      return performance.now() - began;
    },
  };
}

function loopOnce(loop: Program, files: string[], quality: number): Promise<number> {
  return new Promise((resolve) => {
    loop.child.once("message", (message) => resolve((message as { ms: number }).ms));
    loop.child.send({ files, quality });
  });
}

/** The usual commands, if installed: one process per core, each on one thread. */
async function commands(session: Session, files: string[]): Promise<Subject[]> {
  const cores = availableParallelism();
  const folder = join(session.folder, "commands");
  await mkdir(folder);
  const shares = Array.from({ length: cores }, (_, n) => files.filter((_file, at) => at % cores === n));
  const subject = (name: string, note: string, args: (quality: number) => string[]): Subject => ({
    name,
    note,
    async convert(quality) {
      const began = performance.now();
      await Promise.all(shares.map((share) => run(name, [...args(quality), ...share])));
      return performance.now() - began;
    },
  });
  const found: Subject[] = [];
  const vips = output("vipsthumbnail", ["--vips-version"]);
  if (vips) {
    const to = (quality: number) => join(folder, `%s-${quality}.webp[Q=${quality}]`);
    found.push(subject("vipsthumbnail", vips, (quality) => ["--size", `${WIDTH}x`, "-o", to(quality)]));
  }
  const magick = output("mogrify", ["-version"]);
  if (magick) {
    const note = magick.replace(/^Version: /, "").replace(/ https?:.*$/, "");
    const resize = ["-auto-orient", "-resize", `${WIDTH}x`, "-format", "webp", "-path", folder];
    found.push(subject("mogrify", note, (quality) => [...resize, "-quality", String(quality)]));
  }
  return found;
}

function run(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, VIPS_CONCURRENCY: "1", MAGICK_THREAD_LIMIT: "1", OMP_NUM_THREADS: "1" };
    const child = spawn(command, args, { env, stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`)),
    );
  });
}
