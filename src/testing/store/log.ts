import { expect } from "vitest";
import type { EventRecord } from "../../domain/records.ts";
import type { Store } from "../../ports/store/store.ts";
import { OWNER } from "./fixture.ts";

/** The owner's whole log, read in pages; its numbers must be contiguous. */
export async function logOf(store: Store, owner: string = OWNER): Promise<EventRecord[]> {
  const events: EventRecord[] = [];
  const { first } = await store.logBounds({ owner });
  for (let after = Math.max(0, first - 1); ; ) {
    const page = await store.events({ owner, after, limit: 500 });
    if (page.length === 0) break;
    for (const event of page) expect(event.seq).toBe(++after);
    events.push(...page);
  }
  expect((await store.logBounds({ owner })).last).toBe(events.at(-1)?.seq ?? 0);
  return events;
}

export async function typesOf(store: Store, jobId: string, owner: string = OWNER): Promise<string[]> {
  return (await eventsOf(store, owner, jobId)).map((event) => event.type);
}

/** An owner's remaining events, or those of one job. */
export async function eventsOf(store: Store, owner: string, jobId?: string): Promise<EventRecord[]> {
  const events: EventRecord[] = [];
  for (;;) {
    const page = await store.events({ owner, after: events.at(-1)?.seq ?? 0, limit: 1_000, jobId });
    if (page.length === 0) return events;
    events.push(...page);
  }
}
