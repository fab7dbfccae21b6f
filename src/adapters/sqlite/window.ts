import type { JobRecord, TaskDelivery } from "../../domain/records.ts";
import type { PackedTask } from "../../domain/stored.ts";
import type { Message } from "../../ports/broker.ts";

/** What the writer's broker needs of a connection. */
export interface Peer {
  push(channel: string, message: unknown): void;
}

/** A push to a consumer: its id, the delivery's tag, how often it was delivered, and its content. */
export type Pushed = [consumer: number, tag: number, count: number, content: Message | PushedClaim];

/** A claimed task; `job` is `null` if it is the same as in the previous claim. */
export interface PushedClaim {
  task: PackedTask;
  job: JobRecord | null;
}

/** A queue's entry: a published message, or a task of the store. */
type Content = Message | TaskDelivery;

interface Waiting {
  content: Content;
  count: number;
  /** The lease of the claim delivered with it. */
  lease: string | null;
}

/** The worker for which the writer claims tasks on delivery. */
export type ClaimFor = { worker: string; leaseMs: number };

/** A message assigned to a consumer but not yet pushed. */
export interface Assigned {
  subscriber: Subscriber;
  tag: number;
  waiting: Waiting;
  claim: PushedClaim | null;
}

export interface Subscriber {
  peer: Peer;
  id: number;
  queue: string;
  prefetch: number;
  claimFor: ClaimFor | null;
  /** Its worker is not on the store's list, and gets nothing until it is again. */
  isAway: boolean;
  unsettled: Map<number, Waiting>;
}

interface Queue {
  waiting: Waiting[];
  subscribers: Subscriber[];
  /** The subscriber whose turn it is. */
  next: number;
  dead: Message[];
}

/** Rejected messages that a queue keeps for inspection; each has at most 64 KB. */
const MAX_DEAD = 100;

/**
 * The embedded broker: competing consumers over queues in the writer's memory. Messages survive their publishers and
 * consumers but not the writer; the store holds the backlog and publishes them again.
 */
export class Window {
  readonly #queues = new Map<string, Queue>();
  /** Deliveries that were claimed on the way, by lease. */
  readonly #claimed = new Map<string, { subscriber: Subscriber; tag: number }>();
  #assigned: Assigned[] = [];
  #tag = 0;

  #queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = { waiting: [], subscribers: [], next: 0, dead: [] };
      this.#queues.set(name, queue);
    }
    return queue;
  }

  publish(name: string, contents: readonly Content[]): void {
    const queue = this.#queue(name);
    for (const content of contents) queue.waiting.push({ content, count: 0, lease: null });
    this.#pump(queue);
  }

  consume(peer: Peer, id: number, name: string, prefetch: number, claimFor: ClaimFor | null = null): void {
    const queue = this.#queue(name);
    queue.subscribers.push({
      peer,
      id,
      queue: name,
      prefetch,
      claimFor,
      isAway: false,
      unsettled: new Map(),
    });
    this.#pump(queue);
  }

  /** Stops one consumer: what it holds may still be settled, until its connection ends. */
  stop(peer: Peer, id: number): void {
    const subscriber = this.#subscriber(peer, id);
    if (!subscriber) return;
    subscriber.prefetch = 0;
    this.#forgetStopped(subscriber);
  }

  settle(peer: Peer, id: number, tag: number, how: "ack" | "retry" | "reject"): boolean {
    const subscriber = this.#subscriber(peer, id);
    const held = subscriber?.unsettled.get(tag);
    if (!subscriber || !held) return false;
    this.#release(subscriber, tag, held);
    const queue = this.#queue(subscriber.queue);
    if (how === "retry") this.#giveBack(queue, held);
    if (how === "reject") queue.dead.push(messageOf(held.content));
    if (queue.dead.length > MAX_DEAD) queue.dead.shift();
    this.#pump(queue);
    return true;
  }

  /** A task was settled, and with it the delivery that carried its claim. */
  ended(lease: string): void {
    const delivered = this.#claimed.get(lease);
    if (delivered) this.settle(delivered.subscriber.peer, delivered.subscriber.id, delivered.tag, "ack");
  }

  /** Assigned to consumers but not pushed yet, in order; each may still be claimed or dropped. */
  assigned(): readonly Assigned[] {
    return this.#assigned;
  }

  hasUnclaimed(): boolean {
    return this.#assigned.some(({ subscriber, claim }) => subscriber.claimFor && !claim);
  }

  claimed(assigned: Assigned, lease: string, claim: PushedClaim): void {
    const { subscriber, tag, waiting } = assigned;
    assigned.claim = claim;
    waiting.lease = lease;
    this.#claimed.set(lease, { subscriber, tag });
  }

  /** Drops it, because there is nothing left to claim. */
  drop(assigned: Assigned): void {
    this.#assigned = this.#assigned.filter((one) => one !== assigned);
    const { subscriber, tag, waiting } = assigned;
    this.#release(subscriber, tag, waiting);
    this.#pump(this.#queue(subscriber.queue));
  }

  /** Its consumer's worker has ended or is silent: another gets it, and this one nothing until it is back. */
  refuse(assigned: Assigned): void {
    const { subscriber, tag, waiting } = assigned;
    this.#assigned = this.#assigned.filter((one) => one !== assigned);
    subscriber.isAway = true;
    this.#release(subscriber, tag, waiting);
    const queue = this.#queue(subscriber.queue);
    this.#giveBack(queue, waiting);
    this.#pump(queue);
  }

  /** This worker is on the store's list again. */
  back(worker: string): void {
    for (const queue of this.#queues.values()) {
      const returned = queue.subscribers.filter((one) => one.isAway && one.claimFor?.worker === worker);
      for (const subscriber of returned) subscriber.isAway = false;
      if (returned.length > 0) this.#pump(queue);
    }
  }

  /** The transaction with the claims was rolled back: the consumers get plain hints. */
  unclaim(): void {
    for (const assigned of this.#assigned) {
      const { lease } = assigned.waiting;
      if (lease) this.#claimed.delete(lease);
      assigned.waiting.lease = null;
      assigned.claim = null;
    }
  }

  push(): void {
    const lastJobs = new Map<Peer, JobRecord | null>();
    for (const { subscriber, tag, waiting, claim } of this.#assigned) {
      const { peer, id: consumer } = subscriber;
      let content: Pushed[3];
      if (claim) {
        // Tasks of one job are often delivered together, so the job is sent once.
        content = lastJobs.get(peer) === claim.job ? { ...claim, job: null } : claim;
        lastJobs.set(peer, claim.job);
      } else {
        content = messageOf(waiting.content);
      }
      peer.push("broker", [consumer, tag, waiting.count, content] satisfies Pushed);
    }
    this.#assigned = [];
  }

  /** A connection has ended: what it held is delivered again. */
  gone(peer: Peer): void {
    for (const queue of this.#queues.values()) {
      const left = queue.subscribers.filter((subscriber) => subscriber.peer === peer);
      if (left.length === 0) continue;
      queue.subscribers = queue.subscribers.filter((subscriber) => subscriber.peer !== peer);
      for (const subscriber of left) {
        for (const [tag, held] of subscriber.unsettled) {
          this.#release(subscriber, tag, held);
          this.#giveBack(queue, held);
        }
      }
      this.#assigned = this.#assigned.filter(({ subscriber }) => subscriber.peer !== peer);
      this.#pump(queue);
    }
  }

  depth(name: string): number {
    return this.#queue(name).waiting.length;
  }

  deadLetters(name: string, limit: number): Message[] {
    return this.#queue(name).dead.slice(0, limit);
  }

  #giveBack(queue: Queue, held: Waiting): void {
    queue.waiting.unshift(held);
  }

  #release(subscriber: Subscriber, tag: number, held: Waiting): void {
    subscriber.unsettled.delete(tag);
    if (held.lease) this.#claimed.delete(held.lease);
    held.lease = null;
    this.#forgetStopped(subscriber);
  }

  #forgetStopped(subscriber: Subscriber): void {
    if (subscriber.prefetch > 0 || subscriber.unsettled.size > 0) return;
    const queue = this.#queue(subscriber.queue);
    queue.subscribers = queue.subscribers.filter((one) => one !== subscriber);
  }

  #subscriber(peer: Peer, id: number): Subscriber | undefined {
    for (const queue of this.#queues.values()) {
      const found = queue.subscribers.find((subscriber) => subscriber.peer === peer && subscriber.id === id);
      if (found) return found;
    }
    return undefined;
  }

  /** Assigns waiting messages to consumers with room, in turn. */
  #pump(queue: Queue): void {
    let taken = 0;
    while (taken < queue.waiting.length) {
      const subscriber = this.#nextWithRoom(queue);
      if (!subscriber) break;
      const waiting = queue.waiting[taken++]!;
      waiting.count++;
      const tag = ++this.#tag;
      subscriber.unsettled.set(tag, waiting);
      this.#assigned.push({ subscriber, tag, waiting, claim: null });
    }
    if (taken > 0) queue.waiting.splice(0, taken);
  }

  #nextWithRoom(queue: Queue): Subscriber | undefined {
    for (let tried = 0; tried < queue.subscribers.length; tried++) {
      queue.next = (queue.next + 1) % queue.subscribers.length;
      const subscriber = queue.subscribers[queue.next]!;
      if (!subscriber.isAway && subscriber.unsettled.size < subscriber.prefetch) return subscriber;
    }
    return undefined;
  }
}

function messageOf(content: Content): Message {
  if ("payload" in content) return content;
  const { taskId, generation } = content;
  return { id: `${taskId}/${generation}`, payload: JSON.stringify({ taskId, generation }) };
}

/** The task that a delivery refers to. */
export function hintOf({ waiting: { content } }: Assigned): { taskId: string; generation: number } {
  return "payload" in content ? (JSON.parse(content.payload) as TaskDelivery) : content;
}
