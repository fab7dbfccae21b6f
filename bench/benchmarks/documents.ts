import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { distance } from "fastest-levenshtein";
import { output } from "../conditions.ts";
import { ended, type Job, json, open, sendForm } from "../load/transfer.ts";
import { product } from "../processes.ts";
import { type Report, type Row, target } from "../report.ts";
import { type ScannedPage, type Scans, scans } from "../scans.ts";
import type { Session } from "../session.ts";
import { interleave, median } from "../statistics.ts";

const run = promisify(execFile);
const cores = availableParallelism();
/** Tesseract's own threads only get in the way when pages are read in parallel. */
const env = { ...process.env, OMP_THREAD_LIMIT: "1" };

interface Subject {
  name: string;
  note: string;
  /** In ms, for all pages. */
  read(round: number): Promise<number>;
}

/** Reading scans and text: pages per second, and the share of wrong characters. */
export async function documents(session: Session): Promise<Report> {
  const made = await scans(join(session.folder, "scans"), session.quick ? 8 : 32);
  const count = made.pages.length;
  session.say(`${count} pages`);
  const own = await millrace(session, made);
  const plain = await tesseract(made.pages);
  // OCRmyPDF takes minutes.
  const others = session.quick ? [] : await ocrmypdf(session, made);
  const subjects = [own.scans, plain.subject, ...others];
  const scanned = await interleave(subjects, session.quick ? 1 : 3, (subject, round) => subject.read(round));
  const texts = [own.text, ...(await pdftotext(session, made))];
  const text = await interleave(texts, session.quick ? 1 : 3, (subject, round) => subject.read(round));
  const ratio = median(
    scanned.get(subjects[0]!)!.map((ms, round) => scanned.get(subjects[1]!)![round]! / ms),
  );
  const accuracy = compared(made.pages, own.read(), plain.read());
  const worst = (language: string) =>
    Math.max(
      ...accuracy.filter(({ subject }) => subject.startsWith(language)).map(({ figures }) => figures.own!),
    );
  return {
    name: "documents",
    title: "Reading documents",
    method: [
      `${count} pages of workbooks in Korean and English, of one and two columns, printed by a browser and scanned at 200 dpi with skew and noise; ${cores} cores.`,
      "Millrace: one PDF of all scans, from the job's creation to its end by its own times, with all four output files, and the language of each page unknown. tesseract: the scans as JPEG, one process a page and as many at once as there are cores, each with the right language.",
      "Characters wrong: edits from what was read to what the page says, in parts of its length, without spaces.",
    ],
    columns: [
      { name: "perSecond", title: "pages/s", digits: 2 },
      { name: "ms", title: "all pages, ms", digits: 0 },
    ],
    rows: [...rows("scans", subjects, scanned, count), ...rows("text", texts, text, count)],
    targets: [
      target("scans, pages/s against tesseract alone", ratio, { atLeast: 0.9 }),
      target("characters wrong in Korean", worst("Korean"), { atMost: 6 }, "%"),
      target("characters wrong in English", worst("English"), { atMost: 1 }, "%"),
    ],
    further: [
      {
        title: "Characters wrong, %",
        columns: [
          { name: "own", title: "Millrace", digits: 2 },
          { name: "plain", title: "tesseract alone", digits: 2 },
        ],
        rows: accuracy,
      },
    ],
  };
}

function rows(kind: string, subjects: Subject[], times: Map<Subject, number[]>, count: number): Row[] {
  return subjects.map((subject) => {
    const ms = median(times.get(subject)!);
    return {
      subject: `${kind}: ${subject.name}`,
      figures: { perSecond: (count * 1_000) / ms, ms },
      note: subject.note,
    };
  });
}

interface Read {
  pages: { page: number; text: string }[];
}

async function millrace(session: Session, { pdf, textPdf }: Scans) {
  const { url } = await product(session, { workers: cores });
  let found: Read = { pages: [] };
  const upload = async (name: string, data: Buffer) => {
    const fields = { pipeline: "document.ocr", options: JSON.stringify({ outputs: ["txt"] }) };
    const { id } = await json<Job>(await sendForm(`${url}/v1/jobs`, fields, [{ name, data }]));
    return (await ended(url, id)).items[0]!.input.artifactId;
  };
  const files = { scans: await upload("scans.pdf", pdf), text: await upload("text.pdf", textPdf) };
  const again = async (artifactId: string, round: number) => {
    // A different order of outputs in each round, so that nothing comes from the cache.
    const orders = [
      ["txt", "md", "json", "pdf"],
      ["md", "txt", "json", "pdf"],
      ["pdf", "json", "md", "txt"],
    ];
    const options = { outputs: orders[round % orders.length] };
    const body = JSON.stringify({ pipeline: "document.ocr", options, files: [{ artifactId }] });
    const headers = { "content-type": "application/json" };
    const created = (await (await fetch(`${url}/v1/jobs`, { method: "POST", headers, body })).json()) as Job;
    const job = await ended(url, created.id);
    const [item] = job.items as unknown as {
      result: Read | null;
      resultFile: { artifactId: string } | null;
    }[];
    const read =
      item!.result ?? (await json<Read>(await open(`${url}/v1/artifacts/${item!.resultFile!.artifactId}`)));
    if (artifactId === files.scans) found = read;
    return Date.parse(job.finishedAt!) - Date.parse(job.createdAt);
  };
  const note = "a worker process for each core";
  return {
    scans: { name: "Millrace", note, read: (round: number) => again(files.scans, round) },
    text: { name: "Millrace", note, read: (round: number) => again(files.text, round) },
    read: () => found.pages.map(({ text }) => text),
  };
}

async function tesseract(pages: readonly ScannedPage[]) {
  const version = output("tesseract", ["--version"]);
  if (!version) throw new Error("tesseract is not installed: nothing to compare with.");
  const found: string[] = [];
  const subject: Subject = {
    name: "tesseract",
    note: version.split("\n")[0]!,
    async read() {
      const began = performance.now();
      let next = 0;
      const worker = async () => {
        for (let at = next++; at < pages.length; at = next++) {
          const { path, language } = pages[at]!;
          found[at] = (await run("tesseract", [path, "-", "-l", language], { env })).stdout;
        }
      };
      await Promise.all(Array.from({ length: cores }, worker));
      return performance.now() - began;
    },
  };
  return { subject, read: () => found };
}

async function ocrmypdf(session: Session, { pdf }: Scans): Promise<Subject[]> {
  const version = output("ocrmypdf", ["--version"]);
  if (!version) return [];
  const path = join(session.folder, "scans.pdf");
  await writeFile(path, pdf);
  const args = ["-l", "kor+eng", "--jobs", String(cores), "--output-type", "pdf", "--optimize", "0"];
  return [
    {
      name: "ocrmypdf",
      note: `${version.trim()}, kor+eng`,
      async read() {
        const began = performance.now();
        await run("ocrmypdf", [...args, path, join(session.folder, "searchable.pdf")], { env });
        return performance.now() - began;
      },
    },
  ];
}

async function pdftotext(session: Session, { textPdf }: Scans): Promise<Subject[]> {
  if (!output("which", ["pdftotext"])) return [];
  const path = join(session.folder, "text.pdf");
  await writeFile(path, textPdf);
  return [
    {
      name: "pdftotext",
      note: "one process, text alone",
      async read() {
        const began = performance.now();
        await run("pdftotext", ["-layout", path, "-"]);
        return performance.now() - began;
      },
    },
  ];
}

const names = { kor: "Korean", eng: "English" };

function compared(pages: readonly ScannedPage[], own: readonly string[], plain: readonly string[]): Row[] {
  const bare = (text: string) => text.normalize("NFC").replace(/\s+/g, "");
  const wrong = (read: readonly string[], indexes: readonly number[]) => {
    const edits = indexes.map((at) => distance(bare(read[at] ?? ""), bare(pages[at]!.text)));
    const length = indexes.reduce((sum, at) => sum + bare(pages[at]!.text).length, 0);
    return (100 * edits.reduce((sum, count) => sum + count, 0)) / length;
  };
  const kinds = Map.groupBy(pages.keys(), (at) => {
    const { language, columns } = pages[at]!;
    return `${names[language]}, ${columns === 1 ? "one column" : "two columns"}`;
  });
  return [...kinds].map(([subject, indexes]) => ({
    subject,
    figures: { own: wrong(own, indexes), plain: wrong(plain, indexes) },
  }));
}
