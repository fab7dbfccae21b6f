import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { type BlobFixture, content, flow, pattern, sha256 } from "./fixture.ts";

const MIB = 1024 * 1024;

export function keepingPoints(point: DefinePoint<BlobFixture>): void {
  point(
    "keep.round-trip",
    "a stream and a buffer come back as they were, with their hash and size",
    async ({ blobs }) => {
      for (const bytes of [pattern(1), pattern(100_000), pattern(3 * MIB + 7)]) {
        for (const source of [bytes, Readable.from([bytes]), flow(bytes.length, 4_096)]) {
          const kept = await blobs.put(source);
          expect(kept).toMatchObject({ bytes: bytes.length, sha256: sha256(bytes) });
          expect(kept.key).toMatch(/^[0-9a-f-]{8,200}$/);
          // Not `toEqual`, which compares buffers byte by byte.
          expect((await content(blobs, kept.key)).equals(bytes)).toBe(true);
          expect((await blobs.read(kept.key)).equals(bytes)).toBe(true);
        }
      }
    },
  );

  point("keep.empty", "nothing at all is a file too", async ({ blobs }) => {
    for (const source of [Buffer.alloc(0), Readable.from([])]) {
      const kept = await blobs.put(source);
      expect(kept).toMatchObject({ bytes: 0, sha256: sha256("") });
      expect(await content(blobs, kept.key)).toEqual(Buffer.alloc(0));
      expect(await blobs.read(kept.key)).toEqual(Buffer.alloc(0));
    }
  });

  point(
    "keep.same-content",
    "the same content kept many times at once has as many lives",
    async (fixture) => {
      const other = await fixture.open();
      const kept = await Promise.all(
        Array.from({ length: 24 }, (_, index) =>
          (index % 2 ? fixture.blobs : other).put(
            index % 3 ? Buffer.from("same") : Readable.from(["sa", "me"]),
          ),
        ),
      );
      const keys = kept.map(({ key }) => key);
      expect(new Set(keys).size).toBe(24);
      expect(new Set(kept.map((blob) => blob.sha256))).toEqual(new Set([sha256("same")]));
      await fixture.blobs.remove(keys.slice(1));
      expect((await other.read(keys[0]!)).toString()).toBe("same");
    },
  );

  point("keep.shared", "what one opening keeps, another reads", async (fixture) => {
    const kept = await fixture.blobs.put(Buffer.from("for everybody"));
    const other = await fixture.open();
    expect((await other.read(kept.key)).toString()).toBe("for everybody");
  });

  point("keep.durable", "a kept blob survives the death of the process that kept it", async (fixture) => {
    const child = fixture.child({ errand: "keep", text: "left behind" });
    const [key] = await child.until(1);
    await child.kill();
    expect((await fixture.blobs.read(String(key))).toString()).toBe("left behind");
  });

  point(
    "keep.flat-memory",
    "100 MiB pass through, in and out, with flat memory",
    async ({ blobs }) => {
      const bytes = 100 * MIB;
      // Existing garbage must not count against the adapter.
      setFlagsFromString("--expose-gc");
      const collectGarbage = runInNewContext("gc") as () => void;
      const buffers = () => {
        collectGarbage();
        // The first call frees buffers on another thread; the second waits for that.
        collectGarbage();
        return process.memoryUsage().arrayBuffers;
      };
      const before = buffers();
      let peak = 0;
      const watch = setInterval(() => {
        peak = Math.max(peak, buffers() - before);
      }, 150);
      try {
        const kept = await blobs.put(flow(bytes));
        const hash = createHash("sha256");
        for await (const piece of await blobs.open(kept.key)) hash.update(piece as Buffer);
        expect(kept.bytes).toBe(bytes);
        expect(hash.digest("hex")).toBe(kept.sha256);
        expect(peak).toBeLessThan(48 * MIB);
      } finally {
        clearInterval(watch);
      }
    },
    120_000,
  );

  point("keep.slow-source", "a source may pause; its pieces need no size", async ({ blobs }) => {
    const pieces = ["a", "", "b".repeat(70_000), "c"];
    const source = Readable.from(
      (async function* () {
        for (const piece of pieces) {
          yield Buffer.from(piece);
          await sleep(20);
        }
      })(),
    );
    const kept = await blobs.put(source);
    expect(kept.sha256).toBe(sha256(pieces.join("")));
  });
}
