/**
 * Grants characters while the workers that write them are killed, and counts what was written. For 10,000 grants:
 *
 *   node test/recycling/grants.ts 10000
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { grants } from "../../examples/recycling/pipelines/grant.ts";
import { openRecords, type Records } from "../../examples/recycling/records/open.ts";
import { createMillrace, type Millrace } from "../../src/compose/index.ts";

const CHARACTERS = 10;
const WORKERS = 2;

export interface GrantRun {
  /** Number of grants requested, including repeated requests. */
  asked: number;
  kills: number;
  /** Number of rows of users and characters; `wanted` is how many there should be. */
  rows: number;
  wanted: number;
  /** Number of history rows, one per requested grant. */
  history: number;
  /** Number of jobs that did not succeed. */
  failed: number;
  seconds: number;
}

/** @param meanwhile runs alongside the grants, once the workers are running */
export async function grantUnderKills(
  { grants: count, kills: wantedKills }: { grants: number; kills: number },
  meanwhile: (millrace: Millrace, records: Records) => Promise<void> = async () => {},
): Promise<GrantRun> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-grants-"));
  const where = `sqlite:${join(folder, "records.db")}`;
  process.env.RECYCLING_DATABASE = where;
  const records = await openRecords(where);
  const millrace = await createMillrace({ data: join(folder, "data"), pipelines: [grants] });
  try {
    const modules = [new URL("../../examples/recycling/pipelines.ts", import.meta.url)];
    const workers = await millrace.work({ modules, processes: WORKERS });
    const began = performance.now();
    const killing = new AbortController();
    let kills = 0;
    // Spreads the kills over the work, so that a slow machine makes progress in between.
    const kill = async () => {
      while (!killing.signal.aborted && kills < wantedKills) {
        await sleep(50);
        const written = await countOf(records, "grant_history");
        if (written < ((kills + 0.5) / wantedKills) * count) continue;
        // There is no process while it is being replaced.
        const pid = Object.values(workers.pids())[kills % WORKERS];
        if (pid === undefined) continue;
        process.kill(pid, "SIGKILL");
        kills++;
      }
    };
    const asking = askFor(millrace, count).finally(() => killing.abort());
    const [failed] = await Promise.all([asking, kill(), meanwhile(millrace, records)]);
    const seconds = (performance.now() - began) / 1_000;
    const [rows, history] = [
      await countOf(records, "user_characters"),
      await countOf(records, "grant_history"),
    ];
    return { ...askedFor(count), kills, rows, history, failed, seconds };
  } finally {
    await millrace.close();
    await records.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every tenth user requests everything twice. */
function askedFor(count: number) {
  const users = Math.ceil(count / CHARACTERS / 1.1);
  const twice = Math.floor(users / 10);
  return { asked: (users + twice) * CHARACTERS, wanted: users * CHARACTERS };
}

/** @returns number of jobs that did not succeed */
async function askFor(millrace: Millrace, count: number): Promise<number> {
  const { asked, wanted } = askedFor(count);
  const users = wanted / CHARACTERS;
  const owners = Array.from(
    { length: asked / CHARACTERS },
    (_, n) => `user-${n < users ? n : 10 * (n - users)}`,
  );
  const items = Array.from({ length: CHARACTERS }, (_, n) => ({
    data: { character: `character-${n}`, material: "glass" as const },
  }));
  let failed = 0;
  const waiting = owners.values();
  const line = async () => {
    for (const owner of waiting) {
      const { id } = await millrace.submit(grants, { items }, { owner });
      const { state } = await millrace.wait(id, { owner });
      if (state !== "succeeded") failed++;
    }
  };
  await Promise.all(Array.from({ length: 64 }, line));
  return failed;
}

async function countOf(records: Records, table: "user_characters" | "grant_history"): Promise<number> {
  const row = await records
    .selectFrom(table)
    .select(sql<number>`count(*)`.as("rows"))
    .where("owner", "like", "user-%")
    .executeTakeFirstOrThrow();
  return Number(row.rows);
}

if (import.meta.main) {
  console.log(await grantUnderKills({ grants: Number(process.argv[2] ?? 10_000), kills: 20 }));
}
