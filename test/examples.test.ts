import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chapters } from "../examples/chapters.ts";
import { contactSheet } from "../examples/contact-sheet.ts";
import { wordCount } from "../examples/word-count.ts";
import { runPipeline } from "../src/testing/index.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const root = join(import.meta.dirname, "..");
const texts = [
  { name: "a.txt", data: "The mill turns. The water turns the mill." },
  { name: "b.txt", data: "Water, water everywhere." },
  { name: "empty.txt", data: "… — !" },
];
const pictures = ["sea.jpg", "pines.jpg", "flower.png"];

test("word-count, by itself", async () => {
  await using run = await runPipeline(wordCount, { files: texts, options: { top: 2 } });
  expect(run.items.map((item) => item.error?.message ?? null)).toEqual([
    null,
    null,
    expect.stringContaining("no words"),
  ]);
  expect(run.all.total?.result).toEqual({
    files: 2,
    failed: ["empty.txt"],
    words: 11,
    different: 5,
    top: [
      { word: "water", count: 3 },
      { word: "mill", count: 2 },
    ],
  });
  const [csv] = run.all.total!.outputs;
  expect((await csv!.read()).toString()).toBe("word,count\nwater,3\nmill,2\n");
  await expect(runPipeline(wordCount, { files: texts, options: { top: 0 } })).rejects.toThrow(/top/);
});

test("chapters, by itself", async () => {
  const text = "A preface.\n# One\nFirst words.\n# Two\n\n# Three\nThe last few words.";
  await using run = await runPipeline(chapters, { files: [{ name: "book.md", data: text }] });
  const [book] = run.items;
  expect(book).toMatchObject({ error: null, result: { chapters: 2, empty: 1 } });
  expect(book!.parts.map(({ name, error }) => [name, error?.message ?? null])).toEqual([
    ["book-1.md", null],
    ["book-2.md", 'The chapter "Two" is empty.'],
    ["book-3.md", null],
  ]);
  const [contents] = book!.outputs;
  expect(contents!.name).toBe("book-contents.md");
  expect((await contents!.read()).toString()).toBe("- One (2 words)\n- Three (4 words)\n- Two (empty)");
});

test("contact-sheet, by itself", async () => {
  const files = await Promise.all(
    pictures.map(async (name) => ({ name, data: await readFile(join(root, "samples", name)) })),
  );
  const broken = { name: "broken.jpg", data: "no picture" };
  await using run = await runPipeline(contactSheet, {
    files: [...files, broken],
    options: { columns: 2, cell: 64 },
  });
  const { result, outputs, progress } = run.all.sheet!;
  expect(result).toMatchObject({ pictures: 3, left: ["broken.jpg"] });
  expect(await sharp(outputs[0]!.path).metadata()).toMatchObject({ format: "jpeg", width: 164, height: 164 });
  expect(progress.at(-1)).toMatchObject({ fraction: 0.75, message: "3 of 3 placed" });
});

const keptHours = (job: { expiresAt: string; finishedAt: string }) =>
  (Date.parse(job.expiresAt) - Date.parse(job.finishedAt)) / 3_600_000;

describe("on a server", () => {
  let folder = "";
  let server: Running;

  // Runs in the examples' folder, so that their configuration file is found.
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-examples-"));
    server = await startMillrace({
      port: await freePort(),
      args: ["--data", folder, "--workers", "1"],
      cwd: join(root, "examples"),
    });
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("word-count", async () => {
    const form = new FormData();
    form.set("pipeline", "word-count");
    for (const { name, data } of texts) form.append("files", new Blob([data]), name);
    const job = await ended(form);
    expect(job).toMatchObject({ state: "partial", result: { words: 11, failed: ["empty.txt"] } });
    // Its dead letter keeps the files for longer than the usual retention.
    expect(keptHours(job)).toBe(720);
  });

  test("contact-sheet, and the same once more", async () => {
    const form = new FormData();
    form.set("pipeline", "contact-sheet");
    form.set("options", JSON.stringify({ columns: 3, cell: 50 }));
    for (const name of pictures)
      form.append("files", new Blob([await readFile(join(root, "samples", name))]), name);
    for (const job of [await ended(form), await ended(form)]) {
      expect(job.state).toBe("succeeded");
      expect(keptHours(job)).toBe(24);
      const { artifactId } = job.result.sheet!;
      expect(artifactId).toContain(job.id);
      const sheet = await (await fetch(`${server.url}/v1/artifacts/${artifactId}`)).arrayBuffer();
      expect(await sharp(sheet).metadata()).toMatchObject({ format: "jpeg", width: 198, height: 74 });
    }
  });

  async function ended(form: FormData) {
    const created = await fetch(`${server.url}/v1/jobs`, { method: "POST", body: form });
    expect(created.status).toBe(202);
    const { id } = (await created.json()) as { id: string };
    return (await (await fetch(`${server.url}/v1/jobs/${id}?wait=30`)).json()) as {
      id: string;
      state: string;
      result: { sheet?: { artifactId: string } };
      finishedAt: string;
      expiresAt: string;
    };
  }
});

test("a module named on the command line", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-examples-"));
  const server = await startMillrace({
    port: await freePort(),
    args: ["--data", folder, "--workers", "0", "--pipelines", "examples/word-count.ts"],
    cwd: root,
  });
  try {
    const { items } = (await (await fetch(`${server.url}/v1/pipelines`)).json()) as {
      items: { name: string }[];
    };
    expect(items.map(({ name }) => name)).toEqual([
      "image.convert",
      "image.derive",
      "document.ocr",
      "document.label",
      "text.answer",
      "cdn.purge",
      "word-count",
    ]);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
