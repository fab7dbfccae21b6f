import { createHash, randomUUID } from "node:crypto";
import type { CreateJob } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import { usualTraits } from "../../domain/job-spec.ts";
import type { FileRef, PlanStep } from "../../domain/records.ts";
import type { Created, Result } from "../../ports/store/jobs.ts";
import type { Store } from "../../ports/store/store.ts";
import type { Heartbeat } from "../../ports/store/tasks.ts";
import { createManualWorker, type ManualWorker } from "./manual-worker.ts";

/** Describes an adapter to the suite. */
export interface StoreHarness {
  name: string;
  /** A new, empty database; the suite closes it. */
  create(): Promise<TestStore>;
}

export interface TestStore {
  /** Another connection to the same records, with a broker other than the store's own. The suite closes it. */
  open(): Promise<Store>;
  close(): Promise<void>;
}

/** What one point's test works with. */
export interface StoreFixture {
  readonly store: Store;
  /** Another connection to the same records. */
  open(): Promise<Store>;
  /** The time of the next command: starts at the present and advances with `pass`. */
  now(): number;
  pass(ms: number): void;
  /** A blob pinned for an hour, as after an upload; equal texts are the same content. */
  upload(text?: string): Promise<FileRef>;
  /** A job of one `each` step unless `plan` says otherwise, with `files` items over one blob. */
  command(parts?: Partial<CreateJob> & { files?: number }): Promise<CreateJob>;
  /** Creates a job and expects it to be accepted. */
  create(parts?: Partial<CreateJob> & { files?: number }): Promise<Created>;
  /** A live worker with room for `concurrency` tasks of each queue, and its deliveries. */
  worker(options?: {
    store?: Store;
    id?: string;
    concurrency?: number;
    queues?: string[];
  }): Promise<ManualWorker>;
}

export const OWNER = "owner";
const names = ["work", "second", "split", "page", "mark", "join", "gather", "publish"];
const usualQueues = names.map((name) => `text/${name}`);

export async function withFixture(
  harness: StoreHarness,
  prove: (fixture: StoreFixture) => Promise<void>,
): Promise<void> {
  const created = await harness.create();
  const stores: Store[] = [];
  const open = async () => {
    const store = await created.open();
    stores.push(store);
    return store;
  };
  try {
    const store = await open();
    let now = Date.now();
    const upload = async (text: string = randomUUID()): Promise<FileRef> => {
      const sha256 = createHash("sha256").update(text).digest("hex");
      const bytes = Buffer.byteLength(text);
      const { key } = await store.pin({ key: randomUUID(), sha256, bytes, until: now + 3_600_000 });
      return { artifactId: randomUUID(), name: "a.txt", mediaType: "text/plain", bytes, sha256, blob: key };
    };
    const command = async ({ files = 0, ...parts }: Partial<CreateJob> & { files?: number } = {}) => {
      const id = parts.id ?? newId();
      const shared = files > 0 ? await upload() : null;
      return jobCommand({
        id,
        now,
        owner: OWNER,
        items: Array.from({ length: files }, (_, n) => ({
          name: `file-${n}.txt`,
          input: { ...shared!, name: `file-${n}.txt`, artifactId: `${id}.${n}.in` },
        })),
        pinned: shared ? [shared.blob] : [],
        ...parts,
      });
    };
    await prove({
      store,
      open,
      now: () => now,
      pass: (ms) => {
        now += ms;
      },
      upload,
      command,
      create: async (parts) => accepted(await store.createJob(await command(parts))),
      async worker(options = {}) {
        const { store: own = store, id = `worker-${randomUUID()}`, concurrency = 1_000 } = options;
        const queues = options.queues ?? usualQueues;
        const record = workerRecord(id, Object.fromEntries(queues.map((name) => [name, concurrency])), now);
        await own.heartbeat(record);
        return createManualWorker(own, id, () => now);
      },
    });
  } finally {
    await Promise.allSettled(stores.map((store) => store.close()));
    await created.close();
  }
}

export function workerRecord(id: string, queues: Heartbeat["queues"], now: number): Heartbeat {
  return { id, host: "test", pid: process.pid, queues, running: 0, startedAt: now };
}

const step: Omit<PlanStep, "name" | "kind" | "queue"> = {
  attempts: 3,
  timeoutMs: 60_000,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
  needs: "some",
  keepMemos: false,
  cacheKey: null,
};

export function each(name: string, parts: Partial<PlanStep> = {}): PlanStep {
  return { ...step, name, kind: "each", queue: `text/${name}`, ...parts };
}

export function split(parts: Partial<PlanStep> = {}): PlanStep {
  return { ...step, name: "split", kind: "split", queue: "text/split", ...parts };
}

export function join(parts: Partial<PlanStep> = {}): PlanStep {
  return { ...step, name: "join", kind: "join", queue: "text/join", ...parts };
}

export function all(name: string, parts: Partial<PlanStep> = {}): PlanStep {
  return { ...step, name, kind: "all", queue: `text/${name}`, ...parts };
}

export function accepted<T>(result: Result<T>): T {
  if (result.ok) return result;
  throw new Error(`refused with ${result.code}: ${result.message}`);
}

/** The code of a refusal; `null` if there was none. */
export function refused(result: Result<unknown>): string | null {
  return result.ok ? null : result.code;
}

/** The command for a job of one step and no files, with overrides. */
export function jobCommand(parts: Partial<CreateJob> = {}): CreateJob {
  return {
    id: newId(),
    now: Date.now(),
    owner: "local",
    pipeline: "text",
    version: 1,
    options: {},
    plan: [each("work")],
    ...usualTraits,
    startAt: null,
    parent: null,
    retentionMs: 3_600_000,
    deadLetterRetentionMs: 0,
    items: [],
    attachments: [],
    pinned: [],
    reservation: null,
    idempotency: null,
    ...parts,
  };
}
