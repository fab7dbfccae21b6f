/** Bytes of one owner that are on their way. */
export interface Coming {
  /** Throws where there is no room for so many more. */
  take(bytes: number): void;
  /** So many of them are in the records now. */
  recorded(bytes: number): void;
  /** The others are counted elsewhere now, or will not come. */
  end(): void;
}

/** What owners may have. Each refusal is `quota_exceeded`, and says which quota it is and when it frees. */
export interface QuotaGuard {
  /** Before anything of a job is read: whether the owner may have another one, and more bytes. */
  check(owner: string): Promise<void>;
  /** Bytes that the owner may still bring. Rejects when there are none, or fewer than `bytes`. */
  room(owner: string, bytes?: number): Promise<number>;
  /** Room for bytes that come now, beside all others that come for the owner at once. Must be ended. */
  coming(owner: string): Promise<Coming>;
  /** Bytes have come that the records do not count yet. */
  received(owner: string, bytes: number): void;
  /** Counts a new job with its items, unless the work creates none. */
  counted<T extends { created: boolean }>(owner: string, items: number, create: () => Promise<T>): Promise<T>;
}
