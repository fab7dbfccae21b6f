import type { Outcome, RequestRecord } from "../records.ts";
import { pause } from "./pause.ts";
import type { Answer, Target } from "./target.ts";

/** What all requests of a cell share. */
export interface Load {
  cell: string;
  target: Target;
  /** `performance.now()` at the start of the cell. */
  beganAt: number;
  /** Results that arrive later than this after the due time do not count. */
  deadlineMs: number;
  /** Poll interval for accepted requests. @default 0: each poll waits for the end by itself */
  lookEveryMs?: number | undefined;
  /** How long after the due time a client keeps polling. @default `deadlineMs` */
  patienceMs?: number | undefined;
  /** Called with each request that has ended, in any order. */
  write(record: RequestRecord): void;
  /** Stops the load. Nothing more is sent, and open requests get no record. */
  signal: AbortSignal;
}

export interface Due {
  id: string;
  scenario: string | null;
  dueMs: number;
}

/** Minimum poll interval, for targets that respond "not yet" right away. */
const LEAST_PAUSE_MS = 50;

export function sinceBegin({ beganAt }: Load): number {
  return performance.now() - beganAt;
}

/** Handles one request from its due time until the client knows the outcome. */
export async function exchange(load: Load, due: Due): Promise<void> {
  const giveUp = new AbortController();
  const stop = () => giveUp.abort();
  load.signal.addEventListener("abort", stop);
  const patience = load.patienceMs ?? load.deadlineMs;
  const timer = setTimeout(stop, due.dueMs + patience - sinceBegin(load));
  try {
    const record = await converse(load, due, giveUp.signal);
    if (!load.signal.aborted) load.write(record);
  } finally {
    clearTimeout(timer);
    load.signal.removeEventListener("abort", stop);
  }
}

async function converse(load: Load, due: Due, signal: AbortSignal): Promise<RequestRecord> {
  const record: RequestRecord = {
    type: "request",
    cell: load.cell,
    ...due,
    sentMs: sinceBegin(load),
    acceptedMs: null,
    startedMs: null,
    endedMs: null,
    seenMs: 0,
    outcome: "error",
    status: null,
    detail: null,
  };
  const end = (outcome: Outcome, detail: string | null) =>
    Object.assign(record, { outcome, detail, seenMs: sinceBegin(load) });
  let answer: Answer;
  try {
    answer = await load.target.send({ id: due.id, scenario: due.scenario, signal });
  } catch (error) {
    return signal.aborted ? end("timed-out", "no response") : end(...brokenSend(error));
  }
  record.status = answer.status;
  if (answer.kind === "accepted") {
    record.acceptedMs = sinceBegin(load);
    const { look } = load.target;
    if (!look) return end("ok", null);
    const last = await follow(load, answer.job, look, signal);
    if ("unseen" in last) return end("timed-out", last.unseen);
    answer = last;
    record.status = answer.status;
  }
  return judge(load, record, answer, end);
}

/** Polls until the request has ended. Keeps polling while the service does not respond. */
async function follow(
  load: Load,
  job: string,
  look: NonNullable<Target["look"]>,
  signal: AbortSignal,
): Promise<Answer | { unseen: string }> {
  let unseen = "no result";
  const everyMs = load.lookEveryMs ?? 0;
  for (let waitMs = everyMs; ; waitMs = Math.max(everyMs, LEAST_PAUSE_MS)) {
    await pause(waitMs, signal);
    if (signal.aborted) return { unseen };
    try {
      const answer = await look(job, signal);
      if (answer.kind === "refused") unseen = `no result; last status ${answer.status}`;
      else if (answer.kind !== "pending") return answer;
    } catch (error) {
      if (!signal.aborted) unseen = `no result; ${messageOf(error)}`;
    }
  }
}

function judge(
  load: Load,
  record: RequestRecord,
  answer: Answer,
  end: (outcome: Outcome, detail: string | null) => RequestRecord,
): RequestRecord {
  if (answer.kind === "refused") return end("refused", answer.detail);
  if (answer.kind === "gone") return end(record.acceptedMs === null ? "error" : "lost", answer.detail);
  if (answer.kind !== "done") return end("error", answer.kind === "failed" ? answer.detail : answer.kind);
  // Both clocks are on this machine, so their difference is still the same.
  const shift =
    performance.timeOrigin + load.beganAt + (Date.now() - performance.timeOrigin - performance.now());
  record.startedMs = answer.startedAt === null ? null : answer.startedAt - shift;
  record.endedMs = answer.endedAt === null ? null : answer.endedAt - shift;
  if (!answer.right) return end("wrong", answer.detail ?? "not the expected result");
  end("ok", null);
  // A polling client learns of a result some time after it was ready.
  const late = (record.endedMs ?? record.seenMs) - record.dueMs > load.deadlineMs;
  return late ? end("timed-out", "the result was ready after the deadline") : record;
}

/** A failed connection counts as a refusal: the server is down, or its accept queue is full. */
function brokenSend(error: unknown): [Outcome, string] {
  const refused = ["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT"].includes(codeOf(error));
  return [refused ? "refused" : "error", messageOf(error)];
}

/** `fetch` hides the reason in `cause`. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return codeOf(error.cause);
}

function messageOf(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.message : String(error));
}
