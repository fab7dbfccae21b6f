import { operationRecords } from "../../database/operations.ts";
import { newId } from "../../domain/ids.ts";
import type { OperationAction, OperationRecord, OperationTarget } from "../../domain/operations.ts";
import type { Json } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Engine } from "../engine.ts";

/** Most operations open at once. */
export const MOST_OPEN = 20;

export type NewOperation = OperationTarget & {
  action: OperationAction;
  options: { [name: string]: Json } | null;
  dryRun: boolean;
  canary: number;
  perSecond: number;
  stopAfter: number;
  most: number | null;
  createdBy: string;
};

export type Operations = ReturnType<typeof operationsOf>;

/** Bulk actions of operators: started here, carried out by any process. */
export function operationsOf({ database, store }: Pick<Engine, "database" | "store">) {
  const records = operationRecords(database);

  async function found(id: string) {
    const operation = await records.get(id);
    if (!operation) throw new MillraceError("not_found", "There is no such operation.");
    return operation;
  }

  return {
    get: found,
    list: records.list,

    async create(asked: NewOperation): Promise<OperationRecord> {
      if (asked.target === "dead-letters" && asked.action !== "replay")
        throw new MillraceError(
          "invalid_request",
          "Dead letters can only be replayed. To cancel or delete, choose the target `jobs`.",
        );
      if (asked.options !== null && asked.action !== "replay")
        throw new MillraceError("invalid_request", "Only a replay can change options.");
      if ((await records.open()) >= MOST_OPEN)
        throw new MillraceError(
          "quota_exceeded",
          `${MOST_OPEN} operations are running, the maximum. Wait for one to end, or stop one.`,
          { retryAfter: 10, extra: { quota: "operations", limit: MOST_OPEN } },
        );
      const now = store.now();
      const operation: OperationRecord = {
        ...asked,
        id: newId(now),
        state: "counting",
        reason: null,
        ...{ matched: 0, done: 0, skipped: 0, returned: 0, skippedBy: {} },
        ...{ samples: [], cursor: null, isExhausted: false, batch: [], watched: [] },
        ...{ createdAt: now, startedAt: null, finishedAt: null },
      };
      // Ignores whatever is created or fails after the start.
      operation.filter = { ...operation.filter, to: Math.min(operation.filter.to ?? now + 1, now + 1) };
      await records.create(operation);
      return operation;
    },

    /** Starts a dry run for real. The matches are counted again. */
    async start(id: string): Promise<OperationRecord> {
      const { stopAsked: _, ...operation } = await found(id);
      if (operation.state !== "counted")
        throw new MillraceError(
          "operation_state",
          `Only a finished dry run can be started. This operation is ${operation.state}.`,
        );
      const started: OperationRecord = {
        ...operation,
        ...{ dryRun: false, state: "counting", matched: 0, samples: [], cursor: null, finishedAt: null },
      };
      if (!(await records.start(started)))
        throw new MillraceError("operation_state", "The operation was already started.");
      return started;
    },

    /** Finishes what it has begun, and leaves the rest as it is. */
    async stop(id: string): Promise<void> {
      await found(id);
      if (await records.askToStop(id)) return;
      throw new MillraceError("operation_state", "The operation has already ended.");
    },

    replaysOf: records.replaysOf,
  };
}
