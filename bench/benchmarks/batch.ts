import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type Embedded, embedded } from "../embedded.ts";
import { type Report, target } from "../report.ts";
import { insertRows } from "../rows.ts";
import { postgres } from "../services.ts";
import type { Session } from "../session.ts";
import { interleave, medians, ratio } from "../statistics.ts";

const ITEMS = 1_000;
const SIZE = 50;
const IN_FLIGHT = 100;

/** Something that writes rows, in jobs of a thousand items. */
interface Subject {
  name: string;
  note: string;
  write(thousands: number): Promise<void>;
}

/** Steps that write one row each, compared with batches of fifty. */
export async function batch(session: Session): Promise<Report> {
  const thousands = session.quick ? 3 : 20;
  const url = await postgres(session);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  session.onEnd(() => client.end());
  await client.query("CREATE TABLE rows (id bigserial PRIMARY KEY, n integer NOT NULL)");
  const running = await embedded(session, 1);
  const single = own(running, "Millrace, a step for each row", { pipeline: "bench.rows", url });
  const batched = own(running, `Millrace, batches of ${SIZE}`, { pipeline: "bench.batches", url });
  const subjects = [
    single,
    batched,
    bare("inserts of one row", url, 1),
    bare(`inserts of ${SIZE} rows`, url, SIZE),
  ];
  const results = await interleave(subjects, session.quick ? 1 : 3, async (subject, round) => {
    await client.query("TRUNCATE rows");
    const began = performance.now();
    await subject.write(thousands);
    const rate = ((thousands * ITEMS) / (performance.now() - began)) * 1_000;
    const { count } = (await client.query("SELECT count(*)::integer FROM rows")).rows[0];
    if (count !== thousands * ITEMS) throw new Error(`${subject.name} wrote ${count} rows.`);
    session.say(`round ${round + 1} ${subject.name}: ${Math.round(rate)}`);
    return { rate };
  });
  const reference = results.get(single)!;
  const rows = subjects.map((subject) => {
    const rounds = results.get(subject)!;
    return {
      subject: subject.name,
      figures: { ...medians(rounds), times: ratio(rounds, reference, "rate") },
      note: subject.note,
    };
  });
  return {
    name: "batch",
    title: "Batches",
    method: [
      `${thousands} jobs of ${ITEMS} items of data, handed in one after the other, one worker process with ${IN_FLIGHT} tasks at once; each item becomes a row in PostgreSQL, written by a statement of its own or with ${SIZE - 1} others. Both have a pool of 10 connections.`,
      "Below: the inserts alone, as a loop of one process without any queue.",
      "The clock stops when every job has ended.",
    ],
    columns: [
      { name: "rate", title: "rows/s", digits: 0 },
      { name: "times", title: "× a step for each row" },
    ],
    rows,
    targets: [
      target("batches against steps", ratio(results.get(batched)!, reference, "rate"), { atLeast: 1 }),
    ],
  };
}

function own(
  { engine }: Embedded,
  name: string,
  { pipeline, url }: { pipeline: string; url: string },
): Subject {
  return {
    name,
    note: "SQLite, each commit on disk",
    async write(thousands) {
      const open: string[] = [];
      for (let job = 0; job < thousands; job++) {
        const items = Array.from({ length: ITEMS }, (_, n) => ({ data: { n } }));
        const request = { owner: "local", pipeline, options: { url }, items, files: [] };
        open.push((await engine.createJob(request)).job.id);
      }
      for (const id of open) {
        for (;;) {
          const job = await engine.store.job({ owner: "local", id });
          if (job?.state === "succeeded") break;
          if (job?.finishedAt != null) throw new Error(`The job has ${job.state}.`);
          await sleep(2);
        }
      }
    },
  };
}

function bare(name: string, url: string, size: number): Subject {
  return {
    name,
    note: "PostgreSQL, each commit on disk",
    async write(thousands) {
      let left = (thousands * ITEMS) / size;
      const numbers = Array.from({ length: size }, (_, n) => n);
      const line = async () => {
        while (left-- > 0) await insertRows(url, numbers);
      };
      await Promise.all(Array.from({ length: Math.ceil(IN_FLIGHT / size) }, line));
    },
  };
}
