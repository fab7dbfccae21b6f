/** Limits of one HTTP server. Sizes are in bytes, times in milliseconds. */
export interface HttpLimits {
  /** Size of a JSON body. @default 1 MiB */
  jsonBytes: number;
  /** Size of a request's headers. @default 16 KiB */
  headerBytes: number;
  /** Open connections, including event streams. @default 20_000 */
  connections: number;
  /** Time for the headers to arrive. @default 15_000 */
  headersMs: number;
  /** Time for a whole request to arrive, including uploads. @default 1 hour */
  requestMs: number;
  /** Time for a body other than an upload to arrive. @default 30_000 */
  jsonMs: number;
  /** Minimum average rate of any body. Slower requests are ended. @default 1 KiB/s */
  bodyBytesPerSecond: number;
  /** Window of that average, so that shorter stalls are harmless. @default 30_000 */
  bodyWindowMs: number;
  /** Idle time of a connection. Longer than the longest `?wait=` and the heartbeat. @default 90_000 */
  idleMs: number;
  /** Time for running requests to finish when the server closes. @default 10_000 */
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
