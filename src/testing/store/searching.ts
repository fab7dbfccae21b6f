import { expect } from "vitest";
import { taskId } from "../../domain/ids.ts";
import type { FindJobs } from "../../ports/store/operations.ts";
import type { Store } from "../../ports/store/store.ts";
import type { DefinePoint } from "../points.ts";
import type { StoreFixture } from "./fixture.ts";

/** Operators' searches over the jobs of all owners. */
export function searchPoints(point: DefinePoint<StoreFixture>): void {
  point("search.jobs", "jobs of all owners are found by what they are, newest first", async (fixture) => {
    const worker = await fixture.worker();
    const make = async (parts: Parameters<StoreFixture["create"]>[0]) => {
      const made = await fixture.create({ files: 1, ...parts });
      worker.hand(made);
      return made.job.id;
    };
    const plain = await make({ owner: "ann" });
    await worker.work();
    const tagged = await make({ owner: "bob", metadata: { order: "A-100%_x", note: "Größe" } });
    await worker.work();
    const failing = await make({ owner: "ann", pipeline: "text", files: 3 });
    await worker.work(({ task }) =>
      task.item === 1
        ? fails("bad_input", "Page 12 of 30 is blank", "TypeError: no page 12\n    at step.ts:1")
        : undefined,
    );
    const open = await make({ owner: "bob" });
    const find = (search: Partial<FindJobs>) => found(fixture.store, search);

    expect(await find({})).toEqual([open, failing, tagged, plain]);
    expect(await find({ owner: "ann" })).toEqual([failing, plain]);
    expect(await find({ states: ["queued", "running"] })).toEqual([open]);
    expect(await find({ states: ["partial", "queued"] })).toEqual([open, failing]);
    expect(await find({ states: ["failed"] })).toEqual([]);
    expect(await find({ states: ["succeeded"], owner: "bob" })).toEqual([tagged]);
    expect(await find({ pipeline: "text" })).toHaveLength(4);
    expect(await find({ pipeline: "other" })).toEqual([]);
    expect(await find({ code: "bad_input" })).toEqual([failing]);
    expect(await find({ code: "bad_inputs" })).toEqual([]);
    expect(await find({ error: "IS BLANK" })).toEqual([failing]);
    expect(await find({ error: "no page" })).toEqual([failing]);
    expect(await find({ file: "FILE-2" })).toEqual([failing]);
    expect(await find({ metadata: { key: "order", value: "A-100%_x" } })).toEqual([tagged]);
    expect(await find({ metadata: { key: "note", value: "A-100%_x" } })).toEqual([]);
    expect(await find({ text: "100%_" })).toEqual([tagged]);
    expect(await find({ text: "100x_" })).toEqual([]);
    expect(await find({ text: "Größe" })).toEqual([tagged]);
    expect(await find({ text: "file-1" })).toEqual([failing]);
    expect(await find({ text: "typeerror" })).toEqual([failing]);
    expect(await find({ text: open.slice(0, 20) })).toContain(open);
    // Text in the record that no client wrote.
    expect(await find({ text: "cacheKey" })).toEqual([]);
    const created = (id: string) => Number.parseInt(id.replace("-", "").slice(0, 12), 16);
    expect(await find({ from: created(failing) + 1, to: created(open) + 1 })).not.toContain(plain);
    expect(await find({ to: created(plain) })).toEqual([]);
  });

  point("search.pages", "a search goes on where the page before ended", async (fixture) => {
    const made: string[] = [];
    for (let n = 0; n < 9; n++) made.unshift((await fixture.create({ owner: `o${n % 2}` })).job.id);
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await fixture.store.findJobs({ limit: 2, look: 1_000, ...(cursor && { cursor }) });
      pages.push(page.jobs.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(pages.flat()).toEqual(made);
    const odd = await fixture.store.findJobs({ owner: "o1", limit: 9, look: 1_000 });
    expect(odd.jobs).toHaveLength(4);
    expect(odd.next).toBeNull();
  });

  point(
    "search.groups",
    "dead letters whose errors differ only in numbers are one group, until they are replayed",
    async (fixture) => {
      const worker = await fixture.worker();
      const { job, deliveries } = await fixture.create({ files: 4 });
      worker.hand({ deliveries });
      await worker.work(({ task: { item } }) =>
        item === 3 ? fails("odd", "Other") : fails("bad_page", `Page ${item} of 1${item} is blank`),
      );
      const other = await fixture.create({ owner: "bob", files: 1 });
      worker.hand(other);
      await worker.work(() => fails("bad_page", "Page 700 of 800 is blank"));

      const groups = await fixture.store.deadGroups({ limit: 10 });
      const alike = { queue: "text/work", code: "bad_page", group: "Page 0 of 0 is blank" };
      expect(groups).toEqual([
        { ...alike, count: 4, first: job.id, last: other.job.id },
        { queue: "text/work", code: "odd", group: "Other", count: 1, first: job.id, last: job.id },
      ]);
      expect(await fixture.store.deadGroups({ limit: 1 })).toHaveLength(1);
      expect(await fixture.store.deadGroups({ limit: 9, queue: "text/second" })).toEqual([]);
      const codes = async (filter: object) =>
        (await fixture.store.deadGroups({ limit: 9, ...filter })).map(({ code }) => code);
      expect(await codes({ code: "odd" })).toEqual(["odd"]);
      expect(await codes({ code: "od" })).toEqual([]);
      expect(await codes({ text: "OD" })).toEqual(["odd"]);
      expect(await codes({ text: "page 31 OF" })).toEqual(["bad_page"]);
      expect(await codes({ text: "bad%page" })).toEqual([]);
      expect(await codes({ queue: "text/work", code: "odd", text: "page" })).toEqual([]);
      const letters = async (filter: object) =>
        (await fixture.store.deadLetters({ limit: 10, ...filter })).map((one) => taskId(one.jobId, one.item));
      expect(await letters(alike)).toEqual([
        taskId(other.job.id, 0),
        ...[2, 1, 0].map((item) => taskId(job.id, item)),
      ]);
      expect(await letters({ ...alike, owner: "bob" })).toEqual([taskId(other.job.id, 0)]);
      expect(await letters({ code: "odd" })).toEqual([taskId(job.id, 3)]);
      expect(await letters({ queue: "text/second" })).toEqual([]);
      expect(await letters({ text: "page 1", owner: "bob" })).toEqual([taskId(other.job.id, 0)]);
      expect(await letters({ text: "ODD", jobId: job.id })).toEqual([taskId(job.id, 3)]);
      const places = await fixture.store.deadPlaces({ text: "other", limit: 9 });
      expect(places.map(({ item }) => item)).toEqual([3]);

      await fixture.store.reopenJob({ owner: null, id: job.id, now: fixture.now(), items: [0, 1, 2] });
      expect((await fixture.store.deadGroups({ limit: 10 })).map(({ count }) => count)).toEqual([1, 1]);
      await fixture.store.removeJob({ owner: "bob", id: other.job.id, now: fixture.now() });
      expect((await fixture.store.deadGroups({ limit: 10 })).map(({ code }) => code)).toEqual(["odd"]);
    },
  );
}

function fails(code: string, message: string, detail?: string) {
  const error = { code, message, ...(detail !== undefined && { detail }) };
  return { kind: "failed", error, retryable: false, random: 0.5, ms: 1 } as const;
}

async function found(store: Store, search: Partial<FindJobs>): Promise<string[]> {
  const { jobs, next } = await store.findJobs({ limit: 20, look: 10_000, ...search });
  expect(next).toBeNull();
  return jobs.map(({ id }) => id);
}
