/** The room that a job needs in a queue, requested before its files are read. */
export interface AskedRoom {
  queue: string;
  tasks: number;
  limit: number;
  /** Most tasks that the owner may have reserved in the queue at once. */
  ownerLimit: number;
  /** Most delayed tasks that the owner may have in the queue, including reservations for such tasks. */
  ownerDelayedLimit: number;
  /** The job starts later; such tasks are counted separately. */
  delayed: boolean;
}

/** How full the queue is, counting tasks of the same kind (delayed or not). */
export interface Fullness {
  /** Tasks, including reserved ones. */
  taken: number;
  /** Tasks that this owner has reserved. */
  ownReserved: number;
  /** Delayed tasks of this owner. */
  ownDelayed: number;
  /** Tasks that end per second. */
  drainRate: number;
}

export interface AdmissionRefusal {
  ok: false;
  code: "queue_full" | "quota_exceeded";
  message: string;
  /** Seconds. */
  retryAfter: number;
  extra?: { quota: string; limit: number };
}

/** The wait to suggest when nothing has ended recently, so that the drain rate is unknown. */
const UNKNOWN_SECONDS = 10;
const MOST_SECONDS = 3_600;
/** Uploads end sooner than queues drain. */
const RESERVED_SECONDS = 5;

/** Why a queue has no room; `null` if it has. */
export function admissionRefusal(asked: AskedRoom, full: Fullness): AdmissionRefusal | null {
  const { queue, tasks, limit, ownerLimit, ownerDelayedLimit, delayed } = asked;
  const { taken, ownReserved, ownDelayed, drainRate } = full;
  if (taken + tasks > limit) {
    const seconds =
      drainRate > 0 && !delayed ? Math.ceil((taken + tasks - limit) / drainRate) : UNKNOWN_SECONDS;
    const kind = delayed ? "delayed tasks" : "tasks";
    return refusal(
      "queue_full",
      `The queue ${queue} has ${taken} of at most ${limit} ${kind}. This job needs ${tasks} more.`,
      Math.min(MOST_SECONDS, Math.max(1, seconds)),
    );
  }
  if (ownReserved + tasks > ownerLimit) {
    return refusal(
      "queue_full",
      `Your current requests reserve ${ownReserved} of at most ${ownerLimit} tasks in the queue ${queue}. This job needs ${tasks} more. Wait for some of them to finish.`,
      RESERVED_SECONDS,
    );
  }
  if (delayed && ownDelayed + ownReserved + tasks > ownerDelayedLimit) {
    const text = `You have ${ownDelayed + ownReserved} of at most ${ownerDelayedLimit} delayed tasks in the queue ${queue}. This job needs ${tasks} more. Cancel some, or wait for them to start.`;
    const extra = { quota: "delayed_tasks", limit: ownerDelayedLimit };
    return { ...refusal("quota_exceeded", text, UNKNOWN_SECONDS), extra };
  }
  return null;
}

function refusal(code: AdmissionRefusal["code"], message: string, retryAfter: number): AdmissionRefusal {
  return { ok: false, code, message, retryAfter };
}
