/**
 * A bus broadcasts messages to every process (fan-out).
 *
 * Guaranteed: once `subscribe` has resolved, and while the connection holds, the handler receives every message
 * published anywhere within moments; messages of one publisher arrive in order. Publishers receive their own messages
 * too.
 * Not guaranteed: delivery across an outage. `onGap` signals that messages may have been missed; the subscriber then
 * reads the truth from the store.
 */
export interface Bus {
  readonly name: string;
  /** Best effort: resolves once handed over; rejects with `unavailable` while disconnected. At most 7,000 bytes. */
  publish(topic: string, message: string): Promise<void>;
  /** Topics match exactly: letters, digits, `.`, `-`, `_`, up to 60 characters. */
  subscribe(topic: string, handler: BusHandler, onGap?: () => void): Promise<Subscription>;
  health(): Promise<void>;
  close(): Promise<void>;
}

export type BusHandler = (message: string) => void;

export interface Subscription {
  close(): Promise<void>;
}
