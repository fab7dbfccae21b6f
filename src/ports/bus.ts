/**
 * A bus tells every process about something that happened (fan-out).
 *
 * Guaranteed: after `subscribe` resolved, a message published anywhere reaches the handler at most a
 * moment later, while the connection holds; messages of one publisher arrive in order.
 * Not guaranteed: delivery across an outage. `onGap` says that messages may have been missed, and the
 * subscriber then reads the truth from the store. A publisher hears its own messages too.
 */
export interface Bus {
  readonly name: string;
  /** Best effort: resolves when handed over; rejects with `unavailable` while disconnected. At most 7,000 bytes. */
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
