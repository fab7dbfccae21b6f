/** What is asked of a queue, before the files of a job are read. */
export interface AskedRoom {
  queue: string;
  tasks: number;
  limit: number;
  /** What the owner may have reserved there at once. */
  ownerLimit: number;
  /** What the owner may have there that starts later, with what is reserved for such. */
  ownerDelayedLimit: number;
  /** For a job that starts later: such tasks are counted for themselves. */
  delayed: boolean;
}

/** How full the queue is, counting tasks of the same kind. */
export interface Fullness {
  /** Tasks, and those that are reserved. */
  taken: number;
  /** Those that this owner has reserved. */
  ownReserved: number;
  /** Tasks of this owner that start later. */
  ownDelayed: number;
  /** Tasks that end in a second. */
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

/** While nothing has ended lately, nobody knows how long it takes. */
const UNKNOWN_SECONDS = 10;
const MOST_SECONDS = 3_600;
/** Uploads end sooner than queues. */
const RESERVED_SECONDS = 5;

/** Why a queue has no room; `null` when it has. */
export function admissionRefusal(asked: AskedRoom, full: Fullness): AdmissionRefusal | null {
  const { queue, tasks, limit, ownerLimit, ownerDelayedLimit, delayed } = asked;
  const { taken, ownReserved, ownDelayed, drainRate } = full;
  if (taken + tasks > limit) {
    const seconds =
      drainRate > 0 && !delayed ? Math.ceil((taken + tasks - limit) / drainRate) : UNKNOWN_SECONDS;
    const kind = delayed ? "tasks that start later" : "tasks";
    return refusal(
      "queue_full",
      `The queue ${queue} holds ${taken} of at most ${limit} ${kind}; this needs ${tasks} more.`,
      Math.min(MOST_SECONDS, Math.max(1, seconds)),
    );
  }
  if (ownReserved + tasks > ownerLimit) {
    return refusal(
      "queue_full",
      `Your requests under way hold room for ${ownReserved} of at most ${ownerLimit} tasks in the queue ${queue}; this needs ${tasks} more. Let some of them end.`,
      RESERVED_SECONDS,
    );
  }
  if (delayed && ownDelayed + ownReserved + tasks > ownerDelayedLimit) {
    const text = `You have ${ownDelayed + ownReserved} of at most ${ownerDelayedLimit} tasks that start later in the queue ${queue}; this needs ${tasks} more. Cancel some, or let them start.`;
    const extra = { quota: "delayed_tasks", limit: ownerDelayedLimit };
    return { ...refusal("quota_exceeded", text, UNKNOWN_SECONDS), extra };
  }
  return null;
}

function refusal(code: AdmissionRefusal["code"], message: string, retryAfter: number): AdmissionRefusal {
  return { ok: false, code, message, retryAfter };
}
