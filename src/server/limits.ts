import { defaultHttpLimits, type HttpLimits } from "../http/limits.ts";

/** Limits of one API process. Sizes are in bytes, times in milliseconds. */
export interface Limits extends HttpLimits {
  /** Size of one text field of a form, such as `options`. @default 256 KiB */
  fieldBytes: number;
  /** Size of a job's JSON, or of a form's `items`, with the data of up to 10,000 items. @default 16 MiB */
  itemsBytes: number;
  /** Files that options name, per request. @default 8 */
  optionFiles: number;
  /** Unread bytes of an event stream before it is cut. The client then resumes. @default 256 KiB */
  streamBufferBytes: number;
  /** Unread bytes of all event streams together. Beyond this, those stuck the longest are cut. @default 64 MiB */
  streamsBufferBytes: number;
  /** Event streams per owner. @default 1_000 */
  ownerStreams: number;
  /** Event streams that may replay a page of the log at once. Others wait. @default 4 */
  replays: number;
  /** Interval of comment lines on an event stream. @default 15_000 */
  heartbeatMs: number;
}

export const defaultLimits: Limits = {
  ...defaultHttpLimits,
  fieldBytes: 256 * 1024,
  itemsBytes: 16 * 1024 * 1024,
  optionFiles: 8,
  streamBufferBytes: 256 * 1024,
  streamsBufferBytes: 64 * 1024 * 1024,
  ownerStreams: 1_000,
  replays: 4,
  heartbeatMs: 15_000,
};
