import type { EventRecord, EventType, JobRecord, Json } from "../../domain/records.ts";
import { type LogEnd, type LogEndsQuery, PAGE_CHARACTERS } from "../../ports/store/jobs.ts";
import type { Statements } from "./statements.ts";

/** Most events per row: a page of the log that begins in the middle of a row reads all of it. */
const RUN_EVENTS = 100;
/** Owners whose logs are checked per transaction. */
const TRIMMED_OWNERS = 100;
/** Owners whose last number is kept in memory. */
const KNOWN_OWNERS = 20_000;

type Data = { [key: string]: Json };
type Entry = [type: EventType, at: number, data: Data];

interface Run {
  first_seq: number;
  job_id: string;
  events: string;
}

/**
 * The owners' logs. A row is a run: consecutive events of one job appended by one transaction. A group commit appends
 * many events of a job together, so this saves most rows and index entries.
 */
export class EventLog {
  readonly #sql: Statements;
  /** Appended in this transaction, by job. */
  readonly #appended = new Map<string, { owner: string; entries: Entry[] }>();
  /** The owner whose log was checked last. */
  #trimmed = "";
  /** The last number assigned, by owner. */
  readonly #last = new Map<string, number>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  append(job: JobRecord, type: EventType, at: number, data: Data): void {
    const known = this.#appended.get(job.id);
    if (known) known.entries.push([type, at, data]);
    else this.#appended.set(job.id, { owner: job.owner, entries: [[type, at, data]] });
  }

  /** The job's events keep their numbers, types and times, and the fields that counting needs. */
  forget(jobId: string): void {
    const pending = this.#appended.get(jobId);
    for (const entry of pending?.entries ?? []) {
      entry[2] = { jobId, progress: entry[2].progress ?? null, forgotten: true };
    }
    this.#sql.forgetEvents.run(jobId);
  }

  /**
   * Writes what was appended, at the end of the transaction: numbers are assigned last, so that an owner's log grows in
   * commit order.
   * @returns the owners whose logs grew
   */
  write(): Set<string> {
    const grown = new Set<string>();
    for (const [jobId, { owner, entries }] of this.#appended) {
      grown.add(owner);
      for (let from = 0; from < entries.length; from += RUN_EVENTS) {
        const run = entries.slice(from, from + RUN_EVENTS);
        const before = this.#lastOf(owner);
        const last = before + run.length;
        this.#sql.insertRun.run(owner, before + 1, last, jobId, run.at(-1)![1], JSON.stringify(run));
        this.#last.set(owner, last);
      }
    }
    for (const owner of grown) this.#sql.saveSequence.run(owner, this.#last.get(owner)!);
    this.#appended.clear();
    return grown;
  }

  /** Events after `after`, in order and without gaps; only one job's if `jobId` is given. */
  read({ owner, after, limit, jobId }: { owner: string; after: number; limit: number; jobId?: string }) {
    const runs = jobId
      ? this.#sql.jobRuns.iterate(jobId, owner, after)
      : this.#sql.ownerRuns.iterate(owner, after);
    const found: EventRecord[] = [];
    let characters = 0;
    for (const row of runs) {
      const run = row as unknown as Run;
      const entries = JSON.parse(run.events) as Entry[];
      const skipped = Math.max(0, after + 1 - run.first_seq);
      for (let n = skipped; n < entries.length; n++) {
        if (found.length === limit) return found;
        const [type, at, data] = entries[n]!;
        found.push({ owner, seq: run.first_seq + n, jobId: run.job_id, type, at, data });
      }
      characters += run.events.length;
      if (found.length > 0 && characters >= PAGE_CHARACTERS) return found;
    }
    return found;
  }

  /** The owner's first remaining number, 0 if there is none, and the last committed one. */
  bounds(owner: string): { first: number; last: number } {
    const first = (this.#sql.firstEvent.get(owner)?.first_seq as number | undefined) ?? 0;
    return { first, last: this.#saved(owner) };
  }

  ends(query: LogEndsQuery): LogEnd[] {
    if ("after" in query) return this.#sql.logEnds.all(query.after, query.limit) as unknown as LogEnd[];
    return query.owners.map((owner) => ({ owner, last: this.#saved(owner) })).filter(({ last }) => last > 0);
  }

  #lastOf(owner: string): number {
    const last = this.#last.get(owner) ?? this.#saved(owner);
    this.#last.set(owner, last);
    return last;
  }

  #saved(owner: string): number {
    return (this.#sql.sequence.get(owner)?.last_seq as number | undefined) ?? 0;
  }

  /** Trims the logs of the next owners in turn, whatever happened to the jobs in them. */
  trimNext(before: number): void {
    const owners = this.#sql.nextLogs.all(this.#trimmed, TRIMMED_OWNERS) as { owner: string; at: number }[];
    for (const { owner, at } of owners) if (at < before) this.trim(owner, before);
    this.#trimmed = owners.length === TRIMMED_OWNERS ? owners.at(-1)!.owner : "";
  }

  /** Trims an owner's log at its beginning, so that its numbers stay contiguous. */
  trim(owner: string, before: number): void {
    const oldest = this.#sql.oldestRuns.all(owner) as { last_seq: number; at: number }[];
    const kept = oldest.findIndex((run) => run.at >= before);
    const dropped = oldest.at(kept === -1 ? -1 : kept - 1);
    if (dropped && kept !== 0) this.#sql.trimRuns.run(owner, dropped.last_seq);
  }

  committed(): void {
    if (this.#last.size > KNOWN_OWNERS) this.#last.clear();
  }

  rolledBack(): void {
    this.#appended.clear();
    this.#last.clear();
  }
}
