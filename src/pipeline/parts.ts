import { MOST_PARTS } from "../domain/parts.ts";
import type { Artifact, AsyncList, EachContext, StepContext } from "./context.ts";
import { PermanentError } from "./control.ts";

/** What a `split` step returns: the parts of its item, in order. A generator can yield them one by one. */
export type Parts<Part> = Iterable<Part> | AsyncIterable<Part>;

/** One part: JSON data, files that the step has read or written, or both. */
export interface NewPart {
  data?: unknown;
  files?: readonly Pick<Artifact, "artifactId">[];
  /** @default the item's name with the part's number: `scan-3.pdf` */
  name?: string;
}

/** The data of such a part, as its steps read it. */
export type DataOf<Part> = Part extends { data: infer Data } ? Data : null;

/** What the `each` steps between a split and its join get. */
export interface PartContext<Options, Data, Previous> extends StepContext<Options> {
  /** Index of the item, from 0. */
  readonly index: number;
  readonly name: string;
  readonly part: PartInfo<Data>;
  /** The part's files, or the outputs of its previous step. */
  readonly inputs: readonly Artifact[];
  /** The return value of the part's previous step (`null` for the first). */
  readonly previous: Previous;
}

export interface PartInfo<Data> {
  /** Starts at 0. */
  index: number;
  /** Number of parts of the item. */
  total: number;
  data: Data;
  files: readonly Artifact[];
}

/** What a `join` step gets: the input of its split, and the outcomes of the parts. */
export interface JoinContext<Options, Data, Result, Previous, Given = null>
  extends EachContext<Options, Previous, Given> {
  /** Every part that succeeded, by index. */
  readonly parts: AsyncList<EndedPart<Data, Result>>;
  /** Every part that failed, with the reason. */
  readonly failures: AsyncList<FailedPart<Data>>;
}

export interface EndedPart<Data, Result> {
  index: number;
  name: string;
  data: Data;
  /** Files written by the part's last step. */
  outputs: readonly Artifact[];
  /** Return value of the part's last step. */
  result: Result;
}

export interface FailedPart<Data> {
  index: number;
  name: string;
  data: Data;
  code: string;
  message: string;
}

/** Default limit on the parts of one item. */
export const MAX_PARTS = 10_000;

/**
 * Reads the parts that a split returned into a list. Throws if there are more than `maxParts`, or if one is invalid.
 */
export async function collectParts(
  returned: unknown,
  { step, maxParts }: { step: string; maxParts: number },
): Promise<NewPart[]> {
  if (typeof returned !== "object" || returned === null || !isList(returned)) {
    throw new PermanentError("step_failed", `The step "${step}" is a split and must return a list of parts.`);
  }
  const parts: NewPart[] = [];
  for await (const part of returned) {
    if (parts.length === maxParts) {
      const text = `The step "${step}" split the item into more than ${maxParts} parts, the limit set by maxParts.`;
      throw new PermanentError("too_many_parts", text);
    }
    parts.push(checked(part, `Part ${parts.length} of the step "${step}"`));
  }
  return parts;
}

function isList(value: object): value is Parts<unknown> {
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}

const members = new Set(["data", "files", "name"]);

function checked(part: unknown, what: string): NewPart {
  if (typeof part !== "object" || part === null || Array.isArray(part)) {
    throw new PermanentError("step_failed", `${what} must be an object with data, files or both.`);
  }
  const unknown = Object.keys(part).find((name) => !members.has(name));
  if (unknown !== undefined) {
    const text = `${what} has an unknown member "${unknown}". A part has data, files and name.`;
    throw new PermanentError("step_failed", text);
  }
  const { data, files = [], name } = part as NewPart;
  if (!Array.isArray(files) || files.some((file) => typeof file?.artifactId !== "string")) {
    throw new PermanentError("step_failed", `${what}: files must be a list of the step's files.`);
  }
  if (name !== undefined && typeof name !== "string") {
    throw new PermanentError("step_failed", `${what}: its name must be text.`);
  }
  return { data, files, name };
}

/** Validates `maxParts`, or returns the default. */
export function partLimit(maxParts: number | undefined, step: string): number {
  const limit = maxParts ?? MAX_PARTS;
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_PARTS) return limit;
  throw new TypeError(
    `The maxParts of ${step} must be a whole number from 1 to ${MOST_PARTS}, not ${String(limit)}.`,
  );
}
