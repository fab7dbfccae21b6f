import { z } from "zod";
import { MOST_ISSUES } from "../../domain/issues.ts";
import { MAX_METADATA } from "../../domain/job-spec.ts";

/** Levels of arrays and objects in a request's JSON; what walks through it may then call itself. */
const MOST_LEVELS = 64;
/** Values in the options of a job, or in one item of data: a schema is slow to say what is wrong with each. */
const MOST_VALUES = 10_000;

/** What a parsed JSON value has too much of; `null` when it fits. Does not call itself: the value may be hostile. */
export function jsonFault(value: unknown): string | null {
  let level: unknown[] = [value];
  let values = 1;
  for (let depth = 0; level.length > 0; depth++) {
    const nested = level.filter((one): one is object => typeof one === "object" && one !== null);
    if (nested.length > 0 && depth >= MOST_LEVELS) return `is nested more than ${MOST_LEVELS} levels deep`;
    level = [];
    for (const one of nested) {
      const inside = Object.values(one);
      values += inside.length;
      if (values > MOST_VALUES) return `holds more than ${MOST_VALUES} values`;
      level = level.concat(inside);
    }
  }
  return null;
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

/** A list that is counted before its entries are looked at, and whose first faults alone are looked for. */
export function boundedList<Entry extends z.ZodType>(entry: Entry, most: number) {
  return z.preprocess((value, context) => {
    if (!Array.isArray(value) || value.length > most) return value;
    let faults = 0;
    for (let n = 0; n < value.length && faults < MOST_ISSUES; n++) {
      const issue = entry.safeParse(value[n]).error?.issues[0];
      if (!issue) continue;
      context.addIssue({ code: "custom", path: [n, ...issue.path], message: issue.message });
      faults++;
    }
    return value;
  }, z.array(entry).max(most));
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
