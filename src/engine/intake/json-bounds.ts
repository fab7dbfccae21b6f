import { z } from "zod";
import { MOST_ISSUES } from "../../domain/issues.ts";
import { MAX_METADATA } from "../../domain/job-spec.ts";

/** Deepest nesting of a request's JSON, so that later code may recurse over it. */
const MOST_LEVELS = 64;
/** Most values in the options of a job, or in one data item: schemas are slow to report many issues. */
const MOST_VALUES = 10_000;

/** How a parsed JSON value exceeds the limits; `null` if it does not. Iterative, because the value may be hostile. */
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

/** Any JSON object within the limits on depth and size. */
export const boundedObject = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const fault = jsonFault(value);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});

/** Any JSON value within the limits on depth and size. */
export const boundedValue = z.unknown().superRefine((value, context) => {
  const fault = jsonFault(value);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});

/**
 * A list that checks its length before its entries, and stops after the first few issues. Each entry is validated once
 * and passed on as it came, so its schema must not transform it.
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

/** An object of strings that checks their number before the entries. */
function boundedStrings(most: number, keyCharacters: number, valueCharacters: number) {
  const entries = z.record(z.string().min(1).max(keyCharacters), z.string().max(valueCharacters));
  return z.preprocess((value, context) => {
    if (typeof value !== "object" || value === null || Object.keys(value).length <= most) return value;
    context.addIssue({ code: "custom", message: `has more than ${most} entries` });
    return z.NEVER;
  }, entries);
}

/** Metadata that clients attach to their jobs. */
export const metadataStrings = boundedStrings(MAX_METADATA, 64, 1_000);
