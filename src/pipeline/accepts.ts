import type { z } from "zod";

/** What a pipeline takes: files, data, or either of them in one job. Sizes are bytes. */
export interface Accepts {
  /**
   * Media types of files, detected from their content: `image/png`, or `*` for any. @default none: it takes no files
   */
  mediaTypes?: readonly string[];
  /** @default 1 if `mediaTypes` is not empty and a job without files would have no data either */
  minFiles?: number;
  /** @default 50 if `mediaTypes` is not empty */
  maxFiles?: number;
  /** @default 20 MiB */
  maxFileBytes?: number;
  /** The data of one item. Served as JSON Schema, so describe each field. @default none: it takes no data */
  data?: z.ZodType;
  /** Data items in one job, at most 10,000. @default 10_000 */
  maxItems?: number;
}

/** What a pipeline takes, with all defaults filled in. */
export interface Accepted extends Required<Omit<Accepts, "data">> {
  readonly data: z.ZodType | null;
}

/** What the steps read as `ctx.data`: `null` if the item is a file. */
export type AcceptedData<A> = A extends { data: infer Schema extends z.ZodType }
  ? A extends { mediaTypes: readonly string[] }
    ? z.output<Schema> | null
    : z.output<Schema>
  : null;

/** What clients send as the data of an item. */
export type SentData<A> = A extends { data: infer Schema extends z.ZodType } ? z.input<Schema> : never;

/** Most data items in one job, whatever the pipeline sets. */
export const MOST_ITEMS = 10_000;

export function accepted(pipeline: string, accepts: Accepts = {}): Accepted {
  const { mediaTypes = [], data = null, maxItems = MOST_ITEMS } = accepts;
  if (!Number.isInteger(maxItems) || maxItems < 1 || maxItems > MOST_ITEMS) {
    throw new TypeError(
      `accepts.maxItems of ${pipeline} must be a whole number from 1 to ${MOST_ITEMS}, not ${maxItems}.`,
    );
  }
  const takesFiles = mediaTypes.length > 0;
  return {
    mediaTypes,
    minFiles: accepts.minFiles ?? (takesFiles ? 1 : 0),
    maxFiles: accepts.maxFiles ?? (takesFiles ? 50 : 0),
    maxFileBytes: accepts.maxFileBytes ?? 20 * 1024 * 1024,
    data,
    maxItems: data === null ? 0 : maxItems,
  };
}
