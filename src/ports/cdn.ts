import type { Budget } from "../domain/budgets.ts";

/**
 * A content delivery network whose cached copies can be purged. Purging is idempotent, and purging what is not cached
 * is no error. All methods may be called concurrently.
 */
export interface Cdn {
  /** The network, for messages: `cloudfront`, `cloudflare`, `fastly`, `generic`. */
  readonly name: string;
  /** URLs per call, at most. */
  readonly batch: number;
  /** The rate at which the network accepts URLs; at least `batch` at once. */
  readonly budget: Omit<Budget, "key">;
  /**
   * Purges the cached copies of at most `batch` URLs. Rejects with `rate_limited` (with `retryAfter` if the network
   * gives it), `provider_unavailable` if a retry can help, `invalid_request` if the network rejects one of the URLs, or
   * `provider_refused`.
   * @param reference stays the same when a call is retried, and is unique otherwise
   */
  purge(urls: readonly string[], options: { reference: string; signal: AbortSignal }): Promise<void>;
  /** Leaves no handle open. Idempotent. */
  close(): Promise<void>;
}
