import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { joinTiffs } from "../src/pipelines/pictures/tiff-join.ts";
import { beginMillrace, type Ended, millrace } from "./cli/command.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const root = join(import.meta.dirname, "..");
const samples = join(root, "samples");
let folder = "";
let temporary = "";
let server: Running;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-cli-"));
  temporary = join(folder, "tmp");
  await mkdir(join(folder, "photos", "trip"), { recursive: true });
  await mkdir(temporary);
  await cp(join(samples, "sea.jpg"), join(folder, "photos", "sea.jpg"));
  await cp(join(samples, "pines.jpg"), join(folder, "photos", "trip", "pines.jpg"));
  await cp(join(samples, "flower.png"), join(folder, "photos", "trip", "sea.png"));
  const whole = await readFile(join(samples, "dunes.jpg"));
  await writeFile(join(folder, "photos", "cut.jpg"), whole.subarray(0, whole.length / 3));
  await writeFile(join(folder, "photos", "notes.txt"), "no picture, and nobody asked for it");
  server = await startMillrace({
    port: await freePort(),
    args: ["--data", join(folder, "data"), "--workers", "2", "--dead-letter-retention-hours", "200"],
    env: { MILLRACE_PIPELINES: join(import.meta.dirname, "cli", "pipeline.ts") },
  });
});

afterAll(async () => {
  expect(await server?.stop()).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => millrace(args, { cwd: folder, env: { TMPDIR: temporary } });
const ask = (...args: string[]) =>
  millrace(args, { cwd: folder, env: { MILLRACE_SERVER: server.url, TMPDIR: temporary } });

/** Runs the command and returns its standard output as bytes. */
const bytesOf = (...args: string[]) =>
  promisify(execFile)(process.execPath, [join(root, "bin", "millrace.js"), ...args], {
    cwd: folder,
    env: { ...process.env, MILLRACE_SERVER: server.url, TMPDIR: temporary },
    encoding: "buffer",
  });

interface Converted {
  state: string;
  server: string | null;
  converted: number;
  failed: number;
  skipped: number;
  files: {
    input: string;
    state: string;
    output: string | null;
    outputs: string[];
    width: number;
    height: number;
    error: string | null;
  }[];
}

/** Parses the output: `--json` prints exactly one document on standard output, whatever happens. */
function parsed<T>({ stdout }: Ended): T {
  return JSON.parse(stdout) as T;
}

describe("convert on this machine", () => {
  test("a folder, with a broken file in it and a result that is there already", async () => {
    const out = join(folder, "small");
    await mkdir(out);
    await writeFile(join(out, "sea.webp"), "mine");
    const ended = await run("convert", "photos", "--width", "200", "--out", "small", "--json");

    expect(ended).toMatchObject({ code: 1, stderr: "" });
    const summary = parsed<Converted>(ended);
    expect(summary).toMatchObject({ state: "partial", server: null, converted: 2, failed: 2, skipped: 1 });
    const outputs = Object.fromEntries(summary.files.map((file) => [file.input, file.output]));
    expect(outputs).toEqual({
      "photos/cut.jpg": null,
      "photos/sea.jpg": null,
      "photos/trip/pines.jpg": join(out, "trip", "pines.webp"),
      "photos/trip/sea.png": join(out, "trip", "sea.webp"),
    });
    const errorOf = (input: string) => summary.files.find((file) => file.input === input)?.error;
    expect(errorOf("photos/cut.jpg")).toMatch(/truncated/);
    expect(errorOf("photos/sea.jpg")).toBe(
      `${join(out, "sea.webp")} already exists. Use --force to replace it.`,
    );
    // Rotated upright according to its EXIF data.
    expect(await sharp(join(out, "trip", "pines.webp")).metadata()).toMatchObject({
      format: "webp",
      width: 200,
      height: 267,
    });
    expect(await readFile(join(out, "sea.webp"), "utf8")).toBe("mine");
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("one result goes to standard output, and what is said about it to standard error", async () => {
    const [here, there] = await Promise.all([
      bytesOf("convert", "photos/sea.jpg", "--width", "60", "--out", "-"),
      bytesOf("run", "image.convert", "photos/sea.jpg", "--option", "width=60", "--out", "-"),
    ]);
    for (const { stdout } of [here, there])
      expect(await sharp(stdout).metadata()).toMatchObject({ format: "webp", width: 60 });
    expect(here.stderr.toString()).toMatch(/1 image converted .*, to standard output/);
    expect(there.stderr.toString()).toMatch(/^[0-9a-f-]{36} {2}succeeded$/m);
  });

  test("each page of a TIFF becomes a file, and none is replaced", async () => {
    const pages = await Promise.all(
      ["#c00", "#0c0", "#00c"].map((background) =>
        sharp({ create: { width: 8, height: 6, channels: 3, background } })
          .tiff()
          .toBuffer(),
      ),
    );
    await writeFile(join(folder, "album.tif"), joinTiffs(pages));
    const paged = ["convert", "album.tif", "--pages", "all", "--to", "png"];
    const ended = await run(...paged, "--out", "paged", "--json");
    const names = ["album-1.png", "album-2.png", "album-3.png"];
    const outputs = names.map((name) => join(folder, "paged", name));
    expect(parsed<Converted>(ended)).toMatchObject({
      state: "succeeded",
      files: [{ output: outputs[0], outputs }],
    });
    expect(readdirSync(join(folder, "paged")).sort()).toEqual(names);
    const [again, printed] = await Promise.all([
      run(...paged, "--out", "paged"),
      run(...paged, "--out", "-"),
    ]);
    expect(again.code).toBe(1);
    expect(again.stdout).toContain("album-1.png already exists. Use --force to replace it.");
    expect(printed.stderr).toContain("It has 3 pages");
  });

  test("names that collide are told apart, and a glob keeps its folders", async () => {
    await cp(join(folder, "photos", "sea.jpg"), join(folder, "photos", "trip", "sea.jpg"));
    const ended = await run("convert", "photos/**/sea.*", "nothing*.png", "--to", "jpg", "--out", "named");
    await rm(join(folder, "photos", "trip", "sea.jpg"));

    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/photos\/sea\.jpg .*named\/sea\.jpg/);
    expect(ended.stdout).toMatch(/nothing\*\.png .*No file matches/);
    expect(readdirSync(join(folder, "named", "trip")).sort()).toEqual(["sea (2).jpg", "sea.jpg"]);
  });

  test("a picture by URL, from a network that is allowed and from no other", async () => {
    const picture = await readFile(join(samples, "sea.jpg"));
    const web = createServer((_, response) => response.end(picture)).listen(0, "127.0.0.1");
    await once(web, "listening");
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/pictures/sea%20view.jpg`;
    const args = ["convert", url, "--width", "100", "--out", "fetched", "--json"];
    const allowed = await millrace(args, {
      cwd: folder,
      env: { TMPDIR: temporary, MILLRACE_OUTGOING_ALLOW: "127.0.0.1" },
    });
    expect(allowed).toMatchObject({ code: 0, stderr: "" });
    expect(parsed<Converted>(allowed).files).toMatchObject([
      { input: url, state: "converted", output: join(folder, "fetched", "sea view.webp"), width: 100 },
    ]);
    const refused = await run(...args, "--force");
    expect(refused.code).toBe(1);
    expect(parsed<Converted>(refused).files[0]!.error).toContain("does not have a public address");
    web.close();
  });

  test("what cannot be meant ends with 2, before anything is started", async () => {
    const cases = [
      [["convert", "photos", "--quality", "200"], /^millrace: --quality: It must be at most 100\.$/m],
      [["jobs", "--state", "bogus"], /^millrace: .*"bogus" is not one of queued, running/],
      [["convert", "photos", "--out", "-"], /name one image/],
      [["convert", "photos", "--to", "psd"], /--to: /],
      [["convert", "photos", "--watermark", "a", "--watermark-image", "b.png"], /not both/],
      [["convert", "photos", "--watermark-image", "nothing.png"], /The file nothing\.png does not exist/],
      [["convert"], /^millrace: missing required argument/],
      [["convert", "photos", "--wdith", "3"], /unknown option.*\n.*--width/],
    ] as const;
    const ended = await Promise.all(cases.map(([args]) => run(...args)));
    for (const [n, [, message]] of cases.entries()) {
      expect(ended[n]).toMatchObject({ code: 2, stdout: "" });
      expect(ended[n]!.stderr).toMatch(message);
    }
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("Ctrl-C leaves nothing behind", async () => {
    const slow = ["convert", "photos", "--to", "avif", "--lossless", "--enlarge", "--width", "6000"];
    const { child, ended } = beginMillrace([...slow, "--out", "never", "--json"], {
      cwd: folder,
      env: { TMPDIR: temporary },
    });
    const made = (name: RegExp) => readdirSync(temporary).some((one) => name.test(one));
    try {
      await expect.poll(() => made(/^millrace-convert-/), { timeout: 60_000 }).toBe(true);
      await expect.poll(() => made(/^millrace-(?!convert)/), { timeout: 60_000 }).toBe(true);
    } finally {
      child.kill("SIGINT");
    }
    const end = await ended;
    expect(end.code).toBe(130);
    expect(parsed<Converted>(end)).toMatchObject({ state: "cancelled", converted: 0 });
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe("convert on a server", () => {
  test("the same pictures, with a watermark of one's own", async () => {
    const ended = await run(
      ...["convert", "photos/sea.jpg", "photos/trip/pines.jpg", "--server", server.url, "--height", "100"],
      ...["--watermark-image", "photos/trip/sea.png", "--watermark-opacity", "1", "--out", "marked"],
    );
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toMatch(/photos\/sea\.jpg .*% smaller +150 × 100 {2}marked\/sea\.webp/);
    expect(ended.stdout).toMatch(/2 images converted .* smaller\), in marked/);
    expect(await sharp(join(folder, "marked", "pines.webp")).metadata()).toMatchObject({ height: 100 });
    const { items } = parsed<{ items: { options: { watermark: unknown } }[] }>(
      await ask("jobs", "list", "--limit", "1", "--json"),
    );
    expect(items[0]!.options.watermark).toMatchObject({ opacity: 1, position: "bottom-right" });
  });

  test("Ctrl-C cancels the job", async () => {
    const args = ["convert", "photos/sea.jpg", "--to", "avif", "--lossless", "--enlarge", "--width", "8000"];
    const { child, ended } = beginMillrace([...args, "--server", server.url, "--out", "never"], {
      cwd: folder,
    });
    const newest = async () => {
      const { items } = (await (await fetch(`${server.url}/v1/jobs?limit=1`)).json()) as {
        items: { state: string }[];
      };
      return items[0]!.state;
    };
    await expect.poll(newest, { timeout: 60_000 }).toBe("running");
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(await newest()).toBe("cancelled");
    expect(existsSync(join(folder, "never"))).toBe(false);
  });
});

describe("looking after a server", () => {
  test("jobs are listed, shown, retried, cancelled and removed", async () => {
    const failing = await create("mendable", { needs: join(folder, "nowhere") });
    await fetch(`${server.url}/v1/jobs/${failing}?wait=10`);

    const [list, shown, json] = await Promise.all([
      ask("jobs", "--state", "failed", "--pipeline", "mendable", "--json"),
      ask("jobs", "show", failing),
      ask("jobs", "show", failing, "--json"),
    ]);
    const listed = parsed<{ items: { id: string; state: string }[] }>(list);
    expect(listed.items).toMatchObject([{ id: failing, state: "failed" }]);
    expect(shown.stdout).toMatch(/mendable, version 1[\s\S]*failed[\s\S]*The file it needs is missing/);
    const job = parsed<{ finishedAt: string; expiresAt: string }>(json);
    expect(Date.parse(job.expiresAt) - Date.parse(job.finishedAt)).toBe(200 * 3_600_000);

    expect(parsed(await ask("jobs", "retry", failing, "--json"))).toMatchObject({ items: [{ id: failing }] });
    await fetch(`${server.url}/v1/jobs/${failing}?wait=10`);
    const refused = await ask("jobs", "cancel", failing, "no-such-job");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/already ended[\s\S]*no-such-job: There is no such job/);
    expect((await ask("jobs", "rm", failing)).stdout).toBe(`${failing}  removed\n`);
    expect(await ask("jobs", "show", failing)).toMatchObject({
      code: 1,
      stderr: "millrace: There is no such job.\n",
    });
  });

  test("a dead letter is replayed when its cause is mended", async () => {
    const needs = join(folder, "needed");
    const job = await create("mendable", { needs });
    await fetch(`${server.url}/v1/jobs/${job}?wait=10`);
    const task = `${job}.0`;

    const [list, shown] = await Promise.all([
      ask("dead-letters", "list", "--job", job, "--json"),
      ask("dead-letters", "show", task),
    ]);
    const listed = parsed<{ items: { taskId: string; error: unknown }[] }>(list);
    expect(listed.items).toMatchObject([{ taskId: task, error: { code: "step_failed" } }]);
    expect(shown.stdout).toMatch(/mendable look[\s\S]*is missing/);

    await writeFile(needs, "");
    expect(await ask("dead-letters", "replay", task)).toMatchObject({
      code: 0,
      stdout: `${task}  replayed\n`,
    });
    const mended = (await (await fetch(`${server.url}/v1/jobs/${job}?wait=10`)).json()) as { state: string };
    expect(mended.state).toBe("succeeded");
    const [all, senseless] = await Promise.all([
      ask("dead-letters", "replay", "--all", "--job", job, "--json"),
      ask("dead-letters", "replay"),
    ]);
    expect(parsed(all)).toMatchObject({ matched: 0, stoppedBy: null });
    expect(senseless.code).toBe(2);
  });

  test("a dead letter is shown with its attempts and their stack traces", async () => {
    const job = await create("mistaken", { fails: true });
    await fetch(`${server.url}/v1/jobs/${job}?wait=10`);
    const there = ["--server", server.url];
    const [{ stdout }, elsewhere, page, ofJob] = await Promise.all([
      ask("dead-letters", "show", `${job}.0`),
      run("dead-letters", "show", `${job}.0`, ...there),
      run("jobs", "--limit", "1", ...there),
      ask("jobs", "show", job),
    ]);
    expect(stdout).toMatch(
      /STEP +ATTEMPT +RUN +OUTCOME[\s\S]*draft +1 +1 +succeeded[\s\S]*finish +2 +1 +failed/,
    );
    const traces = stdout.match(/TypeError: this was never meant to happen\n +at neverMind/g);
    expect(traces).toHaveLength(2);
    expect(stdout).toContain("Attempt 1 at finish:");
    expect(elsewhere.stdout).toContain(`millrace dead-letters replay ${job}.0 --server ${server.url}\n`);
    expect(stdout).toContain(`millrace dead-letters replay ${job}.0\n`);
    expect(stdout).toContain("restart Millrace first");
    expect(page.stdout).toMatch(/^More: millrace jobs list --cursor \S+ --server http:\S+$/m);
    const command = `See the cause with: millrace dead-letters show ${job}.0`;
    expect(ofJob.stdout).not.toContain("neverMind");
    expect(ofJob.stdout).toContain(`\n${command}\n`);
    const again = await ask("run", "mistaken", "--option", "fails=true");
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^millrace: See the cause with: millrace dead-letters show \S+\.0$/m);
  });

  test("what earlier steps wrote is downloaded when it is asked for", async () => {
    const job = await create("mistaken", { fails: false });
    await fetch(`${server.url}/v1/jobs/${job}?wait=10`);
    expect((await ask("jobs", "show", job)).stdout).toMatch(/Files +sum\.txt \(1 B\)[\s\S]*final\.txt/);
    const names = async (...flags: string[]) => {
      const out = await mkdtemp(join(folder, "out-"));
      expect((await ask("jobs", "download", job, "--out", out, ...flags)).code).toBe(0);
      return readdirSync(out).sort();
    };
    expect(await names()).toEqual(["final.txt", "sum.txt"]);
    expect(await names("--all")).toEqual(["draft.txt", "final.txt", "sum.txt"]);
    const zip = join(folder, "all.zip");
    expect((await ask("jobs", "download", job, "--archive", zip, "--all")).code).toBe(0);
    expect((await readFile(zip)).includes("steps/draft/draft.txt")).toBe(true);
  });

  test("pipelines are listed, and shown with their options", async () => {
    const [listed, shown] = await Promise.all([ask("pipelines"), ask("pipelines", "show", "image.convert")]);
    expect(listed.stdout).toMatch(/image\.convert[\s\S]*mendable/);
    expect(shown.stdout).toMatch(/quality +1 to 100 +80/);
  });

  test("where nothing answers, it says how to start a server", async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const [jobs, convert] = await Promise.all([
      run("jobs", "--server", nowhere),
      run("convert", "photos", "--server", nowhere),
    ]);
    for (const ended of [jobs, convert]) {
      expect(ended).toMatchObject({ code: 1, stdout: "" });
      expect(ended.stderr).toContain("Start it with `millrace start`");
    }
    expect((await run("jobs", "--server", "no address")).code).toBe(2);
  });

  async function create(pipeline: string, options: object): Promise<string> {
    const response = await fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pipeline, options }),
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { id: string }).id;
  }
});

describe("run", () => {
  test("a job is sent, watched and fetched; options are JSON, text or files", async () => {
    const args = ["run", "image.convert", "photos/sea.jpg", "photos/trip/*.jpg", "--option", "format=webp"];
    const options = ["--option", "width=60", "--option", "watermark.image=@photos/trip/sea.png"];
    const ended = await ask(...args, ...options, "--metadata", "for=ada", "--out", "ran", "--json");
    expect(ended.code).toBe(0);
    const job = parsed<{ state: string; metadata: object; options: object; written: string[] }>(ended);
    expect(job).toMatchObject({ state: "succeeded", metadata: { for: "ada" }, options: { width: 60 } });
    expect(job.written).toEqual([join(folder, "ran", "sea.webp"), join(folder, "ran", "pines.webp")]);
    expect((await sharp(job.written[0]).metadata()).width).toBe(60);
  });

  test("what fails ends with 1, what cannot be meant with 2", async () => {
    const [failed, refused] = await Promise.all([
      ask("run", "mendable", "--option", `needs=${join(folder, "never")}`),
      ask("run", "mendable", "--option", "needs=1"),
    ]);
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("The file it needs is missing."),
    });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("needs") });
    const senseless = [
      ["--option", "none"],
      ["missing.jpg"],
      ["photos"],
      ["--option", "a=1", "--option", "a.b=2"],
    ];
    const ended = await Promise.all(senseless.map((args) => ask("run", "image.convert", ...args)));
    expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    const [unknown, misspelled] = await Promise.all([
      ask("run", "image.convrt"),
      ask("run", "image.convert", "photos/sea.jpg", "--option", "widht=80"),
    ]);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('There is no pipeline "image.convrt". Did you mean image.convert?');
    expect(unknown.stderr).toContain("`millrace pipelines` lists them.");
    expect(misspelled.code).toBe(1);
    expect(misspelled.stderr).toContain('There is no field named "widht" here. Did you mean "width"?');
  });

  test("items of data come from a CSV, from NDJSON, or from standard input", async () => {
    const invoices = async (args: string[], input?: string) => {
      const env = { MILLRACE_SERVER: server.url };
      return millrace(["run", "invoice", ...args], { cwd: folder, env, input });
    };
    const lines = ({ stdout }: Ended) => stdout.trimEnd().split("\n").slice(1);
    await writeFile(join(folder, "customers.csv"), 'customer,cents\n"Ada, Countess",500\nBo,\n');
    const fromCsv = await invoices(["--data", "customers.csv"]);
    expect(fromCsv).toMatchObject({ code: 0, stderr: "" });
    expect(lines(fromCsv)).toEqual(['"Ada, Countess: 500"', '"Bo: 0"']);

    const many = Array.from({ length: 250 }, (_, n) => JSON.stringify({ customer: `c${n}`, cents: n }));
    await writeFile(join(folder, "customers.ndjson"), many.join("\n"));
    const fromLines = await invoices(["--data", "customers.ndjson"]);
    expect(lines(fromLines)).toEqual(many.map((_, n) => `"c${n}: ${n}"`));

    const piped = await invoices(["--data", "-"], '{"customer":"Cy","cents":-1}\n{"customer":"Di"}\n');
    expect(piped).toMatchObject({ code: 1, stderr: expect.stringContaining("Cy owes nothing.") });
    expect(lines(piped)).toEqual(['"Di: 0"']);
  });

  test("a file of items that cannot be meant ends with 2, and names its line", async () => {
    await writeFile(join(folder, "broken.ndjson"), '{"customer":"a"}\n{"customer":\n');
    await writeFile(join(folder, "broken.csv"), 'customer,cents\n"open,5\n');
    await writeFile(join(folder, "empty.ndjson"), "\n");
    const cases = [
      ["broken.ndjson", "broken.ndjson, line 2, is not valid JSON"],
      ["broken.csv", "broken.csv, line 2, is not valid CSV"],
      ["empty.ndjson", "empty.ndjson contains no items"],
      ["none.ndjson", "none.ndjson cannot be read"],
      ["photos", "photos cannot be read"],
    ] as const;
    const ended = await Promise.all(cases.map(([data]) => ask("run", "invoice", "--data", data)));
    for (const [n, [, message]] of cases.entries())
      expect(ended[n]).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    await writeFile(join(folder, "one.ndjson"), '{"customer":5}');
    const [filesOnly, both, refused] = await Promise.all([
      ask("run", "image.convert", "--data", "broken.ndjson"),
      ask("run", "invoice", "photos/sea.jpg", "--data", "broken.ndjson"),
      ask("run", "invoice", "--data", "one.ndjson"),
    ]);
    expect(filesOnly).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("does not accept items of data"),
    });
    expect(both.code).toBe(2);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("items.0.data.customer") });
  });

  test("a job is sent without waiting, then watched and fetched by the beginning of its id", async () => {
    const key = ["--idempotency-key", "once"];
    const args = ["run", "image.convert", "photos/sea.jpg", "--option", "width=70", "--detach", ...key];
    const id = (await ask(...args)).stdout.trim();
    expect((await ask(...args)).stdout.trim()).toBe(id);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const start = id.slice(0, 20);
    expect((await ask("jobs", "watch", start)).stdout).toContain(`${id}  succeeded`);
    const zip = ["jobs", "download", start, "--archive", "job.zip"];
    const [shown, fetched, packed] = await Promise.all([
      ask("jobs", "show", start, "--json"),
      ask("jobs", "download", start, "--out", "later"),
      ask(...zip),
    ]);
    expect(shown.stdout).toContain(id);
    expect(fetched.stdout.trim()).toBe(join(folder, "later", "sea.webp"));
    expect(existsSync(join(folder, "later", "sea.webp"))).toBe(true);
    expect(packed.stdout.trim()).toBe(join(folder, "job.zip"));
    const [again, ambiguous, unknown] = await Promise.all([
      ask(...zip),
      ask("jobs", "show", id.slice(0, 2)),
      ask("jobs", "show", "ffffffff"),
    ]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("--force") });
    expect(ambiguous.code).toBe(2);
    expect(unknown.stderr).toContain("There is no such job");
  });

  test("a result that came from the cache is marked", async () => {
    const args = ["run", "image.convert", "photos/sea.jpg", "--option", "width=71"];
    expect((await ask(...args)).stdout).toMatch(/^\S+ {2}succeeded$/m);
    const again = await ask(...args);
    expect(again.stdout).toMatch(/^\S+ {2}succeeded \(cached\)$/m);
    const shown = await ask("jobs", "show", again.stdout.split(" ")[0]!);
    expect(shown.stdout).toMatch(/State +succeeded \(1\/1 items, cached\)/);
    expect(shown.stdout).toMatch(/sea\.jpg +succeeded \(cached\)/);
  });

  test("a job that wrote no files says so, and its result is printed with --out too", async () => {
    await writeFile(join(folder, "there"), "");
    const args = ["run", "mendable", "--option", `needs=${join(folder, "there")}`, "--out", "no-files"];
    const ended = await ask(...args);
    expect(ended).toMatchObject({ code: 0, stderr: "millrace: The job wrote no files.\n" });
    expect(ended.stdout).toMatch(/succeeded.*\n"found"\n$/);
    expect(existsSync(join(folder, "no-files"))).toBe(false);
  });

  test("Ctrl-C cancels the job", async () => {
    const log = join(folder, "run.log");
    const args = ["run", "noted", "--option", `log=${log}`, "--option", "ms=20000"];
    const { child, ended } = beginMillrace(args, { cwd: folder, env: { MILLRACE_SERVER: server.url } });
    await expect.poll(() => existsSync(log), { timeout: 60_000 }).toBe(true);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/The job [0-9a-f-]{36} was canceled/),
    });
  });
});

describe("help and completion", () => {
  test("the help has a table of exit codes", async () => {
    const { stdout } = await run("--help");
    expect(stdout).toMatch(
      /Exit codes:\n {2}0 +success\n {2}1 +a job, .* failed\n {2}2 +wrong usage.*\n {2}130 +interrupted/,
    );
  });

  test("values of flags that cannot be meant end with 2, before a server is asked", async () => {
    const cases = [
      ["jobs", "--state", "bogus"],
      ["jobs", "--state", "failed,bogus"],
      ["jobs", "--limit", "many"],
      ["dead-letters", "--limit", "0"],
      ["run", "noted", "--priority", "10"],
      ["schedules", "add", "noted", "--every", "soon"],
      ["schedules", "add", "noted", "--every", "5", "--overlap", "both"],
    ];
    const ended = await Promise.all(cases.map((args) => run(...args, "--server", "http://127.0.0.1:1")));
    for (const [n, args] of cases.entries())
      expect(ended[n], args.join(" ")).toMatchObject({ code: 2, stdout: "" });
    expect((await ask("jobs", "--state", "failed,partial")).code).toBe(0);
  });

  test("a flag that takes one value cannot be given twice", async () => {
    const cases = [
      ["run", "noted", "--out", "a", "--out", "b"],
      ["convert", "photos", "--out=a", "--out", "a"],
      ["jobs", "--limit", "1", "--limit", "2"],
      ["start", "--port", "0", "--port", "0"],
    ];
    const ended = await Promise.all(cases.map((args) => run(...args)));
    for (const [n, args] of cases.entries())
      expect(ended[n], args.join(" ")).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringMatching(
          /^millrace: --(out|limit|port) is given twice, but it takes one value\n/,
        ),
      });
    const pairs = ["--metadata", "a=1", "--metadata", "b=2", "--json", "--json", "--detach"];
    const job = parsed<{ metadata: object }>(
      await ask("run", "mendable", "--option", "needs=x", "--option", "needs=y", ...pairs),
    );
    expect(job.metadata).toEqual({ a: "1", b: "2" });
  });

  test("bash completes commands, those below them, and flags", async () => {
    const { stdout } = await run("completion", "bash");
    await writeFile(join(folder, "completion.bash"), stdout);
    const complete = async (...words: string[]) => {
      const script = `source completion.bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout: found } = await promisify(execFile)("bash", ["-c", script], { cwd: folder });
      return found.trim().split("\n");
    };
    expect(await complete("millrace", "ru")).toEqual(["run"]);
    expect(await complete("millrace", "jobs", "w")).toEqual(["watch"]);
    expect(await complete("millrace", "jobs", "download", "--a")).toEqual(["--archive", "--all"]);
    expect(await complete("millrace", "run", "image.convert", "phot")).toEqual(["photos"]);
    const [zsh, fish] = await Promise.all([run("completion", "zsh"), run("completion", "fish")]);
    expect(zsh.stdout).toContain("bashcompinit");
    expect(fish.code).toBe(2);
  });
});

describe("doctor", () => {
  interface Report {
    ok: boolean;
    checks: { name: string; status: string; message: string; advice?: string }[];
    settings: { variable: string; value: string; source: string }[];
  }
  const find = (report: Report, name: string) => report.checks.find((check) => check.name === name);

  test("all is well beside the server that runs", async () => {
    const ended = await millrace(
      ["doctor", "--json", "--data", join(folder, "data"), "--port", new URL(server.url).port],
      { cwd: folder, env: { MILLRACE_WORKRES: "3", MILLRACE_CONCURRENCY: "4" } },
    );
    expect(ended.code).toBe(0);
    const report = parsed<Report>(ended);
    expect(find(report, "address")).toMatchObject({
      status: "ok",
      message: expect.stringContaining("already running at"),
    });
    expect(find(report, "records")).toMatchObject({
      status: "ok",
      message: expect.stringContaining("in use"),
    });
    expect(find(report, "settings")).toMatchObject({
      status: "warn",
      message: "MILLRACE_WORKRES is not a setting; did you mean MILLRACE_WORKERS?",
    });
    const from = Object.fromEntries(report.settings.map(({ variable, source }) => [variable, source]));
    expect(from).toMatchObject({
      PORT: "flag",
      MILLRACE_CONCURRENCY: "environment",
      MILLRACE_WORKERS: "default",
    });
  });

  test("what is wrong is said with what to do, and without secrets", async () => {
    await writeFile(join(folder, "file"), "");
    const [ended, opened, broken] = await Promise.all([
      millrace(["doctor", "--data", "file"], {
        cwd: folder,
        env: { MILLRACE_BLOBS: "ftp://me:secret@127.0.0.1/files" },
      }),
      run("doctor", "--host", "0.0.0.0", "--auth", "off", "--json"),
      run("doctor", "--port", "many", "--json"),
    ]);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/✗ data folder +\S+file is not a folder\n +→ Choose another/);
    expect(ended.stdout).toMatch(/✗ files .*\n +→ Correct MILLRACE_BLOBS/);
    expect(ended.stdout).not.toContain("secret");
    expect(find(parsed<Report>(opened), "settings")).toMatchObject({
      status: "fail",
      message: expect.stringContaining("0.0.0.0"),
    });
    expect(broken.code).toBe(1);
    expect(find(parsed<Report>(broken), "settings")).toMatchObject({ status: "fail" });
  });
});

describe("lab load", () => {
  const short = ["lab", "load", "--ramp", "2:3", "--duration", "2s"];

  test("says what users felt, in text, JSON, a page and records, and by its exit code", async () => {
    const files = ["--html", "load.html", "--records", "load.ndjson"];
    const demands = ["--threshold", "ok.share>=100%", "--threshold", "total.p95<1ms"];
    const ended = await ask(...short, ...files, ...demands, "--json");
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/0m\d\ds\/0m02s .* in flight/) });
    const { figures, thresholds, notes } = parsed<{
      figures: { requests: number; outcomes: { ok: number }; times: { accept: { p95: number } } };
      thresholds: { holds: boolean }[];
      notes: string[];
    }>(ended);
    expect(figures.requests).toBeGreaterThan(0);
    expect(figures.outcomes.ok).toBe(figures.requests);
    expect(figures.times.accept.p95).toBeGreaterThan(0);
    expect(thresholds.map(({ holds }) => holds)).toEqual([true, false]);
    // Every request had a different image, so nothing came from the cache.
    expect(notes.filter((note) => note.includes("cache"))).toEqual([]);
    expect(await readFile(join(folder, "load.html"), "utf8")).toContain("Load test: ramp of convert");
    const records = (await readFile(join(folder, "load.ndjson"), "utf8")).trim().split("\n");
    const types = Map.groupBy(records, (line) => (JSON.parse(line) as { type: string }).type);
    expect(types.get("request")).toHaveLength(figures.requests);
    expect([...types.keys()].sort()).toEqual(["cell", "end", "idle", "request", "run"]);
  });

  test("a closed loop prints its figures, and ends well without thresholds", async () => {
    const ended = await ask(...short, "--loop", "closed", "--every", "200ms", "--accepted");
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/^ {2}ok \.+: 100\.00%/m);
    expect(ended.stdout).toMatch(/^ {2}accept \.+: mean=.* p95=/m);
  });

  test("what cannot be meant is found before a request is sent", async () => {
    const [elsewhere, threshold, faces, nothing] = await Promise.all([
      ask(...short, "--target", "http://192.0.2.1"),
      ask(...short, "--threshold", "fast"),
      ask(...short, "--scenario", "faces"),
      ask(...short, "--scenario", "nothing"),
    ]);
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining("is not this machine") });
    expect(threshold).toMatchObject({ code: 2 });
    expect(faces).toMatchObject({ code: 2, stderr: expect.stringContaining("needs two portraits") });
    expect(nothing).toMatchObject({ code: 1 });
  });
});
