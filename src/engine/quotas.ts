/** One owner's bytes in transit. */
export interface Coming {
  /** Throws if there is no room for this many more. */
  take(bytes: number): void;
  /** Records now count this many of them. */
  recorded(bytes: number): void;
  /** The rest is now counted elsewhere, or will not come. */
  end(): void;
}

/** Enforces owners' quotas. Each refusal is `quota_exceeded`, and says which quota it is and when it frees up. */
export interface QuotaGuard {
  /** Checks, before anything of a job is read, whether the owner may have another job and more bytes. */
  check(owner: string): Promise<void>;
  /** Bytes that the owner may still store. Rejects if there are none, or fewer than `bytes`. */
  room(owner: string, bytes?: number): Promise<number>;
  /** Tracks bytes in transit against the owner's quota, across all concurrent transfers. The caller must end it. */
  coming(owner: string): Promise<Coming>;
  /** Counts bytes that have arrived but are not in the records yet. */
  received(owner: string, bytes: number): void;
  /** Counts a new job and its items, unless `create` creates none. */
  counted<T extends { created: boolean }>(owner: string, items: number, create: () => Promise<T>): Promise<T>;
}
