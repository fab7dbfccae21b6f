import { setTimeout as sleep } from "node:timers/promises";
import { choreRecords } from "../database/chores.ts";
import { FORGET_MS } from "../domain/job-spec.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Engine } from "./engine.ts";
import { SAMPLE_MS, sampleQueues } from "./history/sample.ts";
import { startInboxReader } from "./inbox.ts";
import { startOperations } from "./operations/runner.ts";

const SWEEP_MS = 1_000;
const SWEEP_TASKS = 1_000;
/** A worker silent for this long loses its leases. */
export const SILENCE_MS = 15_000;
const COLLECT_MS = 5_000;
const COLLECT_BLOBS = 500;
const EXPIRE_JOBS = 100;
/** Age at which files without a record are removed: a younger upload may be about to be recorded. */
const ORPHAN_MS = 2 * 3_600_000;
/** That lists all files of an installation, so one process does it once a day. */
const SWEEP_FILES_MS = 24 * 3_600_000;
const SWEEP_FILES_LOOK_MS = 3_600_000;
/** A lookup forgets pictures whose files are gone; this sweep finds the rest. */
const SWEEP_PICTURES_MS = 24 * 3_600_000;

export interface Scheduler {
  close(): Promise<void>;
}

/**
 * Hands out what is due, and removes what has expired. Any number may run over one store: each sweep is one transaction
 * that takes what no other has.
 */
export function startScheduler(engine: Engine, log: StepLog): Scheduler {
  const stop = new AbortController();
  const reader = startInboxReader(engine, log);
  const operations = startOperations(engine, log);
  const loops = [
    repeat(SWEEP_MS, () => sweep(engine)),
    repeat(COLLECT_MS, () => expire(engine)),
    repeat(COLLECT_MS, () => collect(engine)),
    repeat(SWEEP_FILES_LOOK_MS, () => sweepFiles(engine)),
    repeat(SWEEP_FILES_LOOK_MS, () => sweepPictures(engine)),
    repeat(SAMPLE_MS, () => sampleQueues(engine)),
    startSchedules(),
  ];

  async function startSchedules(): Promise<void> {
    let isDefined = false;
    await repeat(SWEEP_MS, async () => {
      if (!isDefined) await engine.schedules.define();
      isDefined = true;
      await engine.schedules.fireDue(log);
    });
  }

  async function repeat(ms: number, work: () => Promise<void>): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (!stop.signal.aborted) log.warn("the scheduler was delayed", { error: (error as Error).message });
      }
      await sleep(ms * (0.9 + 0.2 * Math.random()), undefined, { signal: stop.signal }).catch(() => {});
    }
  }

  return {
    async close() {
      stop.abort();
      await Promise.all([...loops, reader.close(), operations.close()]);
    },
  };
}

async function sweep(engine: Engine): Promise<void> {
  for (;;) {
    const command = { now: engine.store.now(), limit: SWEEP_TASKS, silenceMs: SILENCE_MS };
    const due = await engine.store.sweep(command);
    await engine.publishChanges(due);
    if (!due.more) return;
  }
}

async function expire(engine: Engine): Promise<void> {
  for (;;) {
    const now = engine.store.now();
    const { more } = await engine.store.expire({ now, limit: EXPIRE_JOBS, forgetBefore: now - FORGET_MS });
    if (!more) return;
  }
}

async function collect(engine: Engine): Promise<void> {
  for (;;) {
    const keys = await engine.store.collect({ now: engine.store.now(), limit: COLLECT_BLOBS });
    if (keys.length === 0) return;
    await engine.blobs.remove(keys);
    await engine.store.forget({ keys });
    if (keys.length < COLLECT_BLOBS) return;
  }
}

async function sweepFiles(engine: Engine): Promise<void> {
  const chores = choreRecords(engine.database);
  if (!(await chores.begin("sweep files", engine.store.now(), SWEEP_FILES_MS))) return;
  try {
    await removeOrphans(engine);
  } catch (error) {
    await chores.abandon("sweep files");
    throw error;
  }
}

async function sweepPictures(engine: Engine): Promise<void> {
  const chores = choreRecords(engine.database);
  if (await chores.begin("sweep pictures", engine.store.now(), SWEEP_PICTURES_MS))
    await engine.pictures.sweep();
}

async function removeOrphans(engine: Engine): Promise<void> {
  // Files are dated by the wall clock, which may have been set forward or back since they were written.
  for await (const keys of engine.blobs.list(Math.min(Date.now(), engine.store.now()) - ORPHAN_MS)) {
    const known = new Set(await engine.store.known({ keys }));
    await engine.blobs.remove(keys.filter((key) => !known.has(key)));
  }
}
