import { expect } from "vitest";
import type { EventRecord } from "../../domain/records.ts";
import type { Store } from "../../ports/store/store.ts";
import { OWNER } from "./scene.ts";

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
  const events = await store.events({ owner, after: 0, limit: 10_000, jobId });
  return events.map((event) => event.type);
}
