import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect } from "vitest";
import type { BlobStore } from "../../ports/blobs.ts";
import { type Child, startChild } from "../child.ts";
import type { BlobErrand } from "../fixtures/blob-child.ts";
import type { ChildOpening, Outage, Skip } from "../points.ts";

/** Describes an adapter to the suite. All stores that `open` returns share the same blobs. */
export interface BlobHarness {
  /** As in the matrix of `docs/measurements/broker-conformance.md`. */
  name: string;
  /** Opens the store again. The suite closes it. */
  open(): Promise<BlobStore>;
  /**
   * Names of leftovers of unfinished writes: staging files, multipart uploads. Empty while nothing is being written.
   */
  unfinished(): Promise<string[]>;
  /** If it is text, points that need another process are skipped with this reason. */
  child: ChildOpening | string;
  /** Makes the bytes unreachable for a while, or the reason why that is impossible. */
  outage: Outage | string;
}

/** What one point's test works with; everything it opened or stored is closed and removed afterwards. */
export interface BlobFixture {
  readonly harness: BlobHarness;
  readonly skip: Skip;
  readonly blobs: BlobStore;
  open(): Promise<BlobStore>;
  child(errand: Omit<BlobErrand, "opening">): Child;
  outage(): Outage;
  /** All keys that `list` returns, for blobs written before `olderThan`. */
  listed(olderThan?: number): Promise<string[]>;
  /** Expects that neither blobs nor parts of blobs were left since the test began. */
  expectNothingLeft(): Promise<void>;
}

const LATER_MS = 3_600_000;

/** Runs a point's test with its own fixture. */
export async function withFixture(
  harness: BlobHarness,
  prove: (fixture: BlobFixture) => Promise<void>,
  skip: Skip,
): Promise<void> {
  const stores: BlobStore[] = [];
  const children: Child[] = [];
  const open = async () => {
    const store = await harness.open();
    stores.push(store);
    return store;
  };
  const blobs = await open();
  const listed = async (olderThan = Date.now() + LATER_MS) => {
    const keys: string[] = [];
    for await (const page of blobs.list(olderThan)) keys.push(...page);
    return keys;
  };
  const fixture: BlobFixture = {
    harness,
    skip,
    blobs,
    open,
    child(errand) {
      if (typeof harness.child === "string") return skip(harness.child);
      const child = startChild("blob-child", { opening: harness.child, ...errand } as never);
      children.push(child);
      return child;
    },
    outage: () => (typeof harness.outage === "string" ? skip(harness.outage) : harness.outage),
    listed,
    async expectNothingLeft() {
      expect(await harness.unfinished()).toEqual([]);
      expect(await listed()).toEqual([]);
    },
  };
  try {
    await prove(fixture);
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    await blobs.remove(await listed());
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** The bytes of `pattern`, in chunks that repeat after 1 MiB, so that they take little memory. */
export function flow(bytes: number, pieceBytes = 65_536): Readable {
  const period = pattern(PERIOD);
  let sent = 0;
  return new Readable({
    read() {
      const from = sent % PERIOD;
      const length = Math.min(bytes - sent, pieceBytes, PERIOD - from);
      sent += length;
      this.push(length > 0 ? period.subarray(from, from + length) : null);
    },
  });
}

const PERIOD = 1024 * 1024;

/** Bytes that differ from their neighbors, so that a shifted range is detected. */
export function pattern(bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  for (let index = 0; index < bytes; index++) content[index] = (index * 31 + ((index % PERIOD) >> 8)) & 0xff;
  return content;
}

export function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** What a store returns for a key, read through its stream. */
export async function content(
  blobs: BlobStore,
  key: string,
  range?: { start: number; end: number },
): Promise<Buffer> {
  return buffer(await blobs.open(key, range));
}
