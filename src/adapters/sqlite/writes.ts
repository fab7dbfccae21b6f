import { admissionRefusal } from "../../domain/admission.ts";
import { claim } from "../../domain/ledger/claim.ts";
import { countedParts } from "../../domain/ledger/parts.ts";
import { remember } from "../../domain/ledger/remember.ts";
import {
  type Answered,
  requestCancel,
  requestJob,
  requestRemoval,
  requestReopening,
} from "../../domain/ledger/requests.ts";
import { settle } from "../../domain/ledger/settle.ts";
import type { Changed, Created, Result } from "../../ports/store/jobs.ts";
import type { ClaimResult } from "../../ports/store/tasks.ts";
import type { StoreClock } from "./clock.ts";
import { files } from "./files.ts";
import type { Handlers, WriteNames } from "./handlers.ts";
import type { SqliteLedger } from "./ledger.ts";
import type { Queues } from "./queues.ts";
import { sweeps } from "./sweep.ts";

/** The calls that change something, each part of the writer's current transaction. */
export function writes(ledger: SqliteLedger, queues: Queues, clock: StoreClock): Handlers<WriteNames> {
  const { sql } = ledger;
  const changed = (): Changed => ({ deliveries: ledger.deliveries, revoked: ledger.revoked });
  const withChanges = <T>(answer: Answered<T>): Result<T & Changed> =>
    answer.ok ? { ...answer, ...changed() } : answer;

  return {
    ...sweeps(ledger, queues, clock),
    ...files(ledger, queues, clock),

    createJob(command): Result<Created> {
      const answer = requestJob(ledger, command);
      return answer.ok ? { ...answer, deliveries: answer.created ? ledger.deliveries : [] } : answer;
    },

    cancelJob: (command) => withChanges(requestCancel(ledger, command)),
    reopenJob: (command) => withChanges(requestReopening(ledger, command)),
    removeJob: (command) => withChanges(requestRemoval(ledger, command)),

    reserve({ id, now, expiresAt, ...asked }) {
      const { owner, queue, delayed, tasks } = asked;
      queues.expireReservations(now);
      // Includes what this transaction has created.
      if (delayed) ledger.flush();
      const refusal = admissionRefusal(asked, {
        taken: queues.taken(queue, delayed),
        ownReserved: queues.reserved(queue, delayed, owner),
        ownDelayed: queues.delayedOf(queue, owner),
        drainRate: queues.drainRate(queue, now),
      });
      if (refusal) return refusal;
      queues.reserve(id, { queue, owner, delayed, tasks, expiresAt });
      return { ok: true, reserved: tasks };
    },

    release({ id }) {
      queues.release(id);
    },

    claim(command): ClaimResult {
      const outcome = claim(ledger, command);
      if (!outcome.claimed) return { ...outcome, deliveries: [] };
      // A copy, because the reply is encoded after the transaction has ended.
      return { claimed: true, task: { ...outcome.task }, job: outcome.job, deliveries: [] };
    },

    settle(command) {
      const outcome = settle(ledger, command);
      const parts = outcome === "settled" ? countedParts(ledger, command.taskId) : {};
      return { outcome, ...parts, deliveries: ledger.deliveries };
    },

    remember(command) {
      return { ok: remember(ledger, command) };
    },

    setPaused({ queue, paused }) {
      (paused ? sql.pause : sql.resume).run(queue);
      queues.get(queue).paused = paused;
      return { deliveries: ledger.deliveries };
    },
  };
}
