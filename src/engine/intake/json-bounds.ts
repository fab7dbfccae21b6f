import { z } from "zod";
import { MOST_ISSUES } from "../../domain/issues.ts";
import { MAX_METADATA } from "../../domain/job-spec.ts";

/** Levels of arrays and objects in a request's JSON; what walks through it may then call itself. */
const MOST_LEVELS = 64;
/** Values in the options of a job, or in one item of data: a schema is slow to say what is wrong with each. */
const MOST_VALUES = 10_000;

/** What a parsed JSON value has too much of; `null` when it fits. Does not call itself: the value may be hostile. */
export function jsonFault(value: unknown): string | null {
  let level: object[] = isNested(value) ? [value] : [];
  let values = 1;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= MOST_LEVELS) return `is nested more than ${MOST_LEVELS} levels deep`;
    const next: object[] = [];
    for (const one of level) {
      const inside: readonly unknown[] = Array.isArray(one) ? one : Object.values(one);
      values += inside.length;
      if (values > MOST_VALUES) return `holds more than ${MOST_VALUES} values`;
      for (const inner of inside) if (isNested(inner)) next.push(inner);
    }
    level = next;
  }
  return null;
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Any JSON object that is neither too deep nor too large. */
export const boundedObject = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const fault = jsonFault(value);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});

/** Any JSON value that is neither too deep nor too large. */
export const boundedValue = z.unknown().superRefine((value, context) => {
  const fault = jsonFault(value);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});

/**
 * A list that is counted before its entries are looked at, and whose first faults alone are looked for. Entries are
 * looked at once and stay as they came: their schema must not change them.
 */
export function boundedList<Entry extends z.ZodType>(entry: Entry, most: number) {
  const described = z.array(entry).max(most);
  const checked = z.unknown().superRefine((value, context) => {
    if (!Array.isArray(value)) {
      context.addIssue({ code: "custom", message: "must be a list" });
    } else if (value.length > most) {
      context.addIssue({ code: "custom", message: `has more than ${most} entries` });
    } else {
      for (const issue of firstFaults(entry, value)) context.addIssue({ code: "custom", ...issue });
    }
  });
  const { $schema: _, ...schema } = z.toJSONSchema(described, { io: "input" });
  return checked.meta(schema) as unknown as typeof described;
}

function firstFaults(entry: z.ZodType, entries: readonly unknown[]) {
  const faults: { path: PropertyKey[]; message: string }[] = [];
  for (let n = 0; n < entries.length && faults.length < MOST_ISSUES; n++) {
    const issue = entry.safeParse(entries[n]).error?.issues[0];
    if (issue) faults.push({ path: [n, ...issue.path], message: issue.message });
  }
  return faults;
}

/** An object of strings that is counted before its entries are looked at. */
function boundedStrings(most: number, keyCharacters: number, valueCharacters: number) {
  const entries = z.record(z.string().min(1).max(keyCharacters), z.string().max(valueCharacters));
  return z.preprocess((value, context) => {
    if (typeof value !== "object" || value === null || Object.keys(value).length <= most) return value;
    context.addIssue({ code: "custom", message: `has more than ${most} entries` });
    return z.NEVER;
  }, entries);
}

/** What a client says of its job to itself. */
export const metadataStrings = boundedStrings(MAX_METADATA, 64, 1_000);
