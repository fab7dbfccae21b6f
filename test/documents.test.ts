import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PDFDocument, StandardFonts } from "@cantoo/pdf-lib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rawPdf } from "../src/pipelines/documents/test-documents.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const root = join(import.meta.dirname, "..");
const PAGES = Number(process.env.MILLRACE_DOCUMENT_PAGES ?? 500);
const BOMB = Math.ceil(PAGES / 2);
const folder = mkdtempSync(join(tmpdir(), "millrace-documents-"));
let millrace: Running;

beforeAll(async () => {
  const pipelines = join(import.meta.dirname, "documents", "pipeline.ts");
  const args = ["--data", join(folder, "data"), "--workers", "2", "--pipelines", pipelines];
  millrace = await startMillrace({ port: await freePort(), args });
}, 240_000);
afterAll(async () => {
  await millrace.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Job {
  id: string;
  state: string;
  finishedAt: string | null;
  items: {
    result: { pages: [number, string][]; failed: { page: number; code: string; message: string }[] } | null;
    resultFile: { artifactId: string } | null;
    error: { code: string; message: string } | null;
  }[];
}

async function submit(pipeline: string, data: Buffer): Promise<Job> {
  const form = new FormData();
  form.set("pipeline", pipeline);
  form.append("files", new Blob([new Uint8Array(data)]), "document.pdf");
  const response = await fetch(`${millrace.url}/v1/jobs`, { method: "POST", body: form });
  expect(response.status, await response.clone().text()).toBe(202);
  return (await response.json()) as Job;
}

async function ended({ id }: Job): Promise<Job> {
  for (;;) {
    const job = (await (await fetch(`${millrace.url}/v1/jobs/${id}?wait=30`)).json()) as Job;
    if (job.finishedAt !== null) return job;
  }
}

/** Pages of text, including one that would take minutes to render. */
async function longDocument(): Promise<Buffer> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  const path = `0 0 m ${"600 800 l 0 0 l ".repeat(1_500_000)}S`;
  const [bomb] = await document.copyPages(await PDFDocument.load(rawPdf(path)), [0]);
  for (let number = 1; number <= PAGES; number++) {
    if (number === BOMB) document.addPage(bomb!);
    else document.addPage().drawText(`The text of page ${number}`, { x: 50, y: 700, size: 14, font });
  }
  return Buffer.from(await document.save());
}

/** Memory of this checkout's largest step process, in MiB. */
function largestStep(): number {
  const sizes = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        const isStep = readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(`${root}/`);
        const status = readFileSync(`/proc/${pid}/status`, "latin1");
        const isOurs = isStep && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("step-process");
        return isOurs ? Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 : 0;
      } catch {
        return 0;
      }
    });
  return Math.max(0, ...sizes);
}

test(`${PAGES} pages are read in bounded memory, and one that takes too long loses no other`, {
  timeout: 400_000,
}, async () => {
  const job = await submit("hurried", await longDocument());
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, largestStep());
  }, 250);
  const { state, items } = await ended(job);
  clearInterval(watch);
  expect(state).toBe("succeeded");
  const [item] = items;
  const file = item!.resultFile && `${millrace.url}/v1/artifacts/${item!.resultFile.artifactId}`;
  const { pages, failed } =
    item!.result ?? ((await (await fetch(file!)).json()) as NonNullable<Job["items"][number]["result"]>);
  const expected = Array.from({ length: PAGES }, (_, at) => [at + 1, `The text of page ${at + 1}`]);
  expect(pages).toEqual(expected.filter(([number]) => number !== BOMB));
  expect(failed.map(({ page }) => page)).toEqual([BOMB]);
  // Whichever limit it hits first.
  expect(failed[0]!.code).toMatch(/^(step_timeout|too_much_memory)$/);
  expect(most).toBeGreaterThan(0);
  // The limit of a page, plus what can be allocated between two checks.
  expect(most).toBeLessThan(1_280 + 128);
});

test.each([
  ["undecodable_file", () => Buffer.from("%PDF-1.7\nnothing"), "damaged"],
  ["encrypted_file", encrypted, "Save a copy without a password"],
] as const)("a file that cannot be opened fails at once: %s", async (code, make, words) => {
  const { state, items } = await ended(await submit("document.ocr", await make()));
  expect(state).toBe("failed");
  expect(items[0]!.error).toMatchObject({ code, message: expect.stringContaining(words) });
});

async function encrypted(): Promise<Buffer> {
  const document = await PDFDocument.create();
  document.addPage();
  document.encrypt({ userPassword: "secret", ownerPassword: "owner" });
  return Buffer.from(await document.save());
}
