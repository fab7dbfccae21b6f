import type { Compilable, Expression, SqlBool } from "kysely";
import { type EntryChange, MOST_CHANGES, type ReplicaRecords } from "../database/replica.ts";
import { newId } from "../domain/ids.ts";
import { MillraceError } from "../errors.ts";
import type { Answer } from "../ports/database.ts";
import type { Change } from "./maps.ts";
import { encode } from "./messages.ts";
import { noteWrites, type Written, writtenOf } from "./own-writes.ts";

const MAX_KEY_CHARACTERS = 300;
/** JSON characters of one value. */
const MAX_VALUE_CHARACTERS = 64 * 1024;

/** The queries that make changes, and the messages that announce them after the commit. */
export function prepareChanges(
  changes: readonly Change[],
  parts: {
    records: ReplicaRecords;
    now: number;
    when: Expression<SqlBool> | undefined;
    tell(messages: readonly string[]): void;
  },
) {
  const { records, now, when, tell } = parts;
  const runs = runsOf(changes).map(({ map, entries }) => ({
    map,
    entries,
    queries: records.changes(map, entries, { epoch: newId(), now, when }),
  }));
  return {
    queries: runs.flatMap(({ queries }): Compilable[] => [...queries]),
    told(answers: readonly Answer[]): Written {
      const versions = new Map<string, number>();
      for (const [n, { map, entries }] of runs.entries()) {
        const head = answers[2 * n]!.rows[0] as { epoch: string; version: number } | undefined;
        if (!head) continue;
        versions.set(map, head.version);
        const first = head.version - entries.length + 1;
        tell(encode({ map, epoch: head.epoch, first, changes: entries }));
      }
      noteWrites(versions);
      return writtenOf(versions);
    },
  };
}

/** Groups changes by map, in name order, which is the global lock order. The last change of a key wins. */
function runsOf(changes: readonly Change[]): { map: string; entries: EntryChange[] }[] {
  for (const { key, value } of changes) {
    if (key.length === 0 || key.length > MAX_KEY_CHARACTERS)
      throw new MillraceError("invalid_request", `A key must have 1 to ${MAX_KEY_CHARACTERS} characters.`);
    if (value !== null && value.length > MAX_VALUE_CHARACTERS)
      throw new MillraceError(
        "request_too_large",
        `The value of "${key}" has more than ${MAX_VALUE_CHARACTERS} characters of JSON.`,
      );
  }
  return [...Map.groupBy(changes, (change) => change.map)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([map, some]) => {
      const entries = [...new Map(some.map((change) => [change.key, change])).values()];
      const runs: { map: string; entries: EntryChange[] }[] = [];
      for (let at = 0; at < entries.length; at += MOST_CHANGES)
        runs.push({ map, entries: entries.slice(at, at + MOST_CHANGES) });
      return runs;
    });
}
