import { defaultHttpLimits, type HttpLimits } from "../http/limits.ts";

/** Bounds of one API process. Sizes are bytes, times milliseconds. */
export interface Limits extends HttpLimits {
  /** One other text field of a form, such as `options`. @default 256 KiB */
  fieldBytes: number;
  /** The JSON of a job, or the field `items` of a form: it holds the data of up to 10,000 items. @default 16 MiB */
  itemsBytes: number;
  /** Files that options name, in one request. @default 8 */
  optionFiles: number;
  /** What an event stream may be behind before it is cut, to resume from where it was. @default 256 KiB */
  streamBufferBytes: number;
  /** What all event streams together may be behind before those that took nothing for longest are cut. @default 64 MiB */
  streamsBufferBytes: number;
  /** Event streams of one owner. @default 1_000 */
  ownerStreams: number;
  /** Replays of event streams that read a page of the log at once; others wait for their turn. @default 4 */
  replays: number;
  /** Between comment lines on an event stream. @default 15_000 */
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
