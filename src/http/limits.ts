/** Bounds of one HTTP server. Sizes are bytes, times milliseconds. */
export interface HttpLimits {
  /** JSON bodies. @default 1 MiB */
  jsonBytes: number;
  /** Headers of a request. @default 16 KiB */
  headerBytes: number;
  /** Open connections, event streams among them. @default 20_000 */
  connections: number;
  /** For the headers to arrive. @default 15_000 */
  headersMs: number;
  /** For a whole request to arrive, its uploads included. @default 1 hour */
  requestMs: number;
  /** For a body other than an upload to arrive. @default 30_000 */
  jsonMs: number;
  /** What any body must bring on average; slower ones are ended. @default 1 KiB/s */
  bodyBytesPerSecond: number;
  /** Over this time. A client that stands still for less loses nothing. @default 30_000 */
  bodyWindowMs: number;
  /** Silence on a connection; longer than the longest `?wait=` and the heartbeat. @default 90_000 */
  idleMs: number;
  /** For what is under way to end when the server closes. @default 10_000 */
  closeMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  jsonBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  connections: 20_000,
  headersMs: 15_000,
  requestMs: 3_600_000,
  jsonMs: 30_000,
  bodyBytesPerSecond: 1024,
  bodyWindowMs: 30_000,
  idleMs: 90_000,
  closeMs: 10_000,
};
