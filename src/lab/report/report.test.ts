import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabRecord, RequestRecord } from "../records.ts";
import { kneeOf } from "./capacity-figures.ts";
import { answerOf, effectsOf, focusOf } from "./findings.ts";
import { groupsOf } from "./groups.ts";
import { readRecords, type Study } from "./read-records.ts";
import { type SimulatedCell, simulatedCell, simulatedRun } from "./test-study.ts";
import { writeReport } from "./write-report.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-report-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const architectures = ["V0", "V1", "V2", "V3", "V4", "V5", "V6"] as const;
const matrix: SimulatedCell[] = architectures.flatMap((architecture) =>
  [1, 2, 4].flatMap((workers) => [1, 2, 3].map((round) => ({ architecture, workers, users: 16, round }))),
);

async function written(name: string, records: readonly LabRecord[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${records.map((record) => JSON.stringify(record)).join("\n")}\n`);
  return path;
}

async function studyOf(name: string, cells: readonly SimulatedCell[]): Promise<Study> {
  return readRecords([await written(name, [simulatedRun, ...cells.flatMap(simulatedCell)])]);
}

describe("reading records", () => {
  test("a cell that did not end counts for nothing, and neither does what was due in the warm-up", async () => {
    const [cell, ...rest] = simulatedCell({ architecture: "V3", workers: 1, users: 4 });
    const open = rest.filter(({ type }) => type !== "end");
    const warm = {
      ...rest.find((one): one is RequestRecord => one.type === "request")!,
      id: "early",
      dueMs: -5,
    };
    const path = await written("cut.ndjson", [
      simulatedRun,
      cell!,
      ...open,
      cell!,
      warm,
      ...rest,
      cell!,
      ...open,
    ]);
    const study = await readRecords([path]);
    expect(study.incomplete).toBe(2);
    expect(study.cells).toHaveLength(1);
    expect(study.cells[0]!.requests).toHaveLength(4);
    await writeFile(`${path}.gz`, gzipSync(await readFile(path)));
    expect(await readRecords([`${path}.gz`])).toEqual(study);
  });

  test("says which line is no record", async () => {
    const path = join(folder, "broken.ndjson");
    await writeFile(path, `${JSON.stringify(simulatedRun)}\n{"type": "cell`);
    await expect(readRecords([path])).rejects.toThrow(/broken\.ndjson: line 2 is not a valid record/);
    await expect(readRecords([join(folder, "none.ndjson")])).rejects.toThrow(/cannot be read/);
    await expect(readRecords([join(folder, "none.ndjson.gz")])).rejects.toThrow(/cannot be read/);
  });
});

describe("findings", () => {
  test("follow from the records: workers matter, queues do not", async () => {
    const { cells } = await studyOf("whole.ndjson", matrix);
    const focus = focusOf(groupsOf(cells));
    // 13 s each within 60 s: four per worker.
    expect(effectsOf(focus)).toEqual({
      byWorkers: [
        { workers: 1, found: [4, 4, 4, 4] },
        { workers: 2, found: [8, 8, 8, 8] },
        { workers: 4, found: [16, 16, 16, 16] },
      ],
      queue: 0,
      workers: 12,
    });
    const [queue, direct, idle] = answerOf(focus);
    expect(queue).toMatch(/^The choice of queue hardly matters, but the number of workers does/);
    expect(queue).toContain("4 with 1 worker, 8 with 2 workers and 16 with 4 workers");
    expect(direct).toBe(
      "Without a queue, of 16 simultaneous requests, 0 with V0, 0 with V1 and 0 with V2 had a result in time; the most " +
        "common failure was `timed-out`.",
    );
    expect(idle).toContain(
      "within 6.00 ms with the slowest queue and within 510 ms with the slowest architecture without a queue",
    );
  });

  test("contradict the original where the records do", async () => {
    // One queue loses everything, whatever the number of workers.
    const study = await studyOf("other.ndjson", matrix);
    for (const { cell, requests } of study.cells)
      if (cell.architecture === "V6") for (const request of requests) request.outcome = "lost";
    const focus = focusOf(groupsOf(study.cells));
    const [queue] = answerOf(focus, 4);
    expect(queue).toMatch(/^The number of workers mattered no more than the choice of queue/);
    expect(queue).toContain("changing the queue by at most 16");
    // Too few cores for the workers, unless they only wait.
    expect(answerOf(focus, 2)[0]).toMatch(/^On 2 cores, 4 workers that compute cannot show/);
    for (const { cell } of focus) cell.workload = "sleep";
    expect(answerOf(focus, 2)[0]).toBe(queue);
  });

  test("the knee of a queue with two workers of 13 s each is near 0.15/s", async () => {
    const rates = [0.05, 0.1, 0.13, 0.2, 0.3];
    const cells = rates.map((rate): SimulatedCell => {
      return { architecture: "V3", workers: 2, users: 1, loop: "open", rate };
    });
    const knee = kneeOf(groupsOf((await studyOf("open.ndjson", cells)).cells))!;
    expect(knee).toBeGreaterThan(0.08);
    expect(knee).toBeLessThan(0.17);
  });
});

describe("the report", () => {
  let html = "";
  let markdown = "";
  let figures: string[] = [];
  beforeAll(async () => {
    const sleeping = matrix.map((cell) => ({ ...cell, workload: "sleep" }));
    const hostile = {
      architecture: "V1",
      variant: "<script>alert(1)</script> | *x*",
      workers: 1,
      users: 16,
    } as const;
    const few = { architecture: "V3", workers: 2, users: 4 } as const;
    const open = { architecture: "V3", workers: 2, users: 1, loop: "open", rate: 0.1 } as const;
    const leftOut: LabRecord = {
      type: "left-out",
      architecture: "V6",
      variant: "other",
      why: "no <b>Kafka</b>",
    };
    const cells = [...matrix, ...sleeping, hostile, few, open].flatMap(simulatedCell);
    const records = await written("report.ndjson", [simulatedRun, leftOut, ...cells]);
    const files = { html: join(folder, "report.html"), markdown: join(folder, "report.md") };
    figures = (await writeReport([records], files)).filter((path) => path.endsWith(".svg"));
    [html, markdown] = await Promise.all([readFile(files.html, "utf8"), readFile(files.markdown, "utf8")]);
  });

  test("is one file that asks nobody for anything", () => {
    const { document } = parseHTML(html);
    expect(
      document.querySelectorAll("script, link, img, iframe, object, [src], [href], [onload]"),
    ).toHaveLength(0);
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\(|@import/);
    expect(html).toContain("default-src 'none'");
  });

  test("has a panel for each architecture, and every figure", () => {
    const { document } = parseHTML(html);
    const titles = [...document.querySelectorAll("figure h3")].map((title) => title.textContent);
    expect(titles).toEqual([
      "Who gets a result in time",
      "How long users wait",
      "Where the time goes",
      "The queue over time",
      "What other users notice",
      "Results in time by number of users",
      "Throughput by number of workers",
      "Throughput by offered load",
    ]);
    const panels = document.querySelector("figure svg[role=img]")!.textContent;
    for (const name of ["V0 synchronous", "V3 PostgreSQL", "V5 RabbitMQ", "V6 Kafka"])
      expect(panels).toContain(name);
    expect(figures).toHaveLength(8);
  });

  test("shows what was published beside what was measured", () => {
    const { document } = parseHTML(html);
    const rows = [...document.querySelectorAll("table")]
      .flatMap((table) => [...table.querySelectorAll("tr")])
      .map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent));
    expect(rows).toContainEqual(["results in time with 2 workers, any queue", "6 of 16", "8 of 16"]);
    expect(rows).toContainEqual([
      "time to accept a request (p95)",
      "4.72 ms with 120 clients",
      "3.00 ms over all cells with a queue",
    ]);
    expect(rows.flat().join()).toContain("0.33 requests/s predicted");
  });

  test("says what it cannot say: left out, checks that do not hold, too few rounds and cores", () => {
    const { document } = parseHTML(html);
    const threats = [...document.querySelectorAll("li")].map((item) => item.textContent).join("\n");
    expect(threats).toContain("V6 other was not measured: no <b>Kafka</b>.");
    expect(threats).toMatch(/littles-law check failed in 18 of \d+ rounds/);
    expect(threats).toContain("4 workers on 2 cores compute no faster than 2 workers");
    expect(threats).toMatch(/Cells with fewer than 3 rounds: 3 of \d+\./);
    expect(document.querySelectorAll("td .bad").length).toBeGreaterThan(0);
  });

  test("takes no markup from names", () => {
    expect(html).not.toContain("<script");
    expect(/(?<!\\)<script/.test(markdown)).toBe(false);
    expect(markdown).toContain("\\<script\\>");
  });

  test("is Markdown too, with figures that have their own colors", async () => {
    for (const path of figures) {
      const svg = await readFile(path, "utf8");
      expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      expect(svg).toContain("prefers-color-scheme:dark");
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
    const named = [...markdown.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => join(folder, match[1]!));
    expect(named.sort()).toEqual(figures.toSorted());
    expect(markdown).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("leaves what people wrote around the marks", async () => {
    const page = join(folder, "page.md");
    await writeFile(page, "# Ours\n\nBefore.\n\n<!-- study -->\nstale\n<!-- /study -->\n\nAfter.\n");
    await writeReport([join(folder, "report.ndjson")], { markdown: page });
    const text = await readFile(page, "utf8");
    expect(text).toMatch(/^# Ours\n\nBefore\.\n\n<!-- study -->\n\n> The choice of queue/);
    expect(text).toMatch(/<!-- \/study -->\n\nAfter\.\n$/);
    expect(text).not.toContain("stale");
  });

  test("needs a complete cell", async () => {
    const records = await written("empty.ndjson", [simulatedRun]);
    await expect(writeReport([records], {})).rejects.toThrow("no complete cell");
  });
});

test("says what to install where nothing draws", async () => {
  const program = `
    import { registerHooks } from "node:module";
    registerHooks({
      resolve(name, context, next) {
        if (name === "linkedom") throw Object.assign(new Error("none"), { code: "ERR_MODULE_NOT_FOUND" });
        return next(name, context);
      },
    });
    const { loadPlotter } = await import(${JSON.stringify(new URL("./plotter.ts", import.meta.url).href)});
    await loadPlotter().catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  expect(stdout).toBe(
    "config_invalid Reports need two more packages: npm install --save-dev @observablehq/plot linkedom\n",
  );
});
