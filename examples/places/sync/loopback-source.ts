import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { PlaceData } from "../place.ts";

export type Entry = { id: string; deleted: true } | { id: string; place: PlaceData };

export interface LoopbackSource {
  readonly url: string;
  /** Changes, oldest first. Tests add to it. */
  readonly feed: Entry[];
  /** Requests with their time and response status. */
  readonly requests: { at: number; cursor: number; status: number }[];
  /** Rejects the next request with this `Retry-After`. */
  refuseNext(seconds: number): void;
  close(): Promise<void>;
}

/** A local stand-in for an outside source. Serves pages of a feed, with entry numbers as cursors. */
export async function startSource(feed: Entry[], pageSize: number): Promise<LoopbackSource> {
  const requests: LoopbackSource["requests"] = [];
  let refusedFor = 0;
  const server = createServer((request, response) => {
    const cursor = Number(new URL(request.url ?? "/", "http://source").searchParams.get("cursor") ?? 0);
    const status = refusedFor > 0 ? 429 : 200;
    requests.push({ at: performance.now(), cursor, status });
    if (status === 429) {
      response.writeHead(429, { "retry-after": String(refusedFor) }).end();
      refusedFor = 0;
      return;
    }
    const next = Math.min(feed.length, cursor + pageSize);
    const page = { records: feed.slice(cursor, next), next: String(next), more: next < feed.length };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(page));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/changes`,
    ...{ feed, requests },
    refuseNext(seconds) {
      refusedFor = seconds;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Invented places in the southwest that appear, change, disappear and come back. */
export function madeFeed(changes: number): Entry[] {
  return Array.from({ length: changes }, (_, n): Entry => {
    const at = (n * 7) % Math.ceil(changes * 0.6);
    if (n % 9 === 8) return { id: `made-${at}`, deleted: true };
    const spot = { lat: 34.9 + (at % 50) / 100, lon: 126.6 + Math.floor(at / 50) / 100 };
    return { id: `made-${at}`, place: { name: `Made place ${at}, seen ${n}`, category: "other", ...spot } };
  });
}

/** Final state of a feed: names by source id. */
export function resultOf(feed: readonly Entry[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const entry of feed) {
    if ("deleted" in entry) names.delete(entry.id);
    else names.set(entry.id, entry.place.name);
  }
  return names;
}
