import { PassThrough, Readable } from "node:stream";
import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { sleep, within } from "../wait.ts";
import { type BlobFixture, flow, pattern } from "./fixture.ts";

const MIB = 1024 * 1024;

export function refusingPoints(point: DefinePoint<BlobFixture>): void {
  point(
    "refuse.too-large",
    "more than maxBytes is refused with the limit, and leaves nothing",
    async (fixture) => {
      const limit = 20 * MIB;
      // Content of exactly the limit is accepted.
      const kept = await fixture.blobs.put(flow(limit), { maxBytes: limit });
      expect(kept.bytes).toBe(limit);
      await fixture.blobs.remove([kept.key]);
      for (const source of [flow(limit + 1), flow(4 * limit), pattern(limit + 1)]) {
        const error = await refusal(fixture.blobs.put(source, { maxBytes: limit }), "file_too_large");
        expect(error.message).toContain(String(limit));
        expect(error.extra).toMatchObject({ limit });
        if (source instanceof Readable) expect(source.destroyed).toBe(true);
      }
      await fixture.expectNothingLeft();
    },
  );

  point("refuse.aborted", "an abort ends the write with its reason, and leaves nothing", async (fixture) => {
    for (const sentBytes of [0, 1_000, 17 * MIB]) {
      const source = new PassThrough({ highWaterMark: 32 * MIB });
      if (sentBytes > 0) source.write(pattern(sentBytes));
      const abort = new AbortController();
      const put = fixture.blobs.put(source, { signal: abort.signal });
      const outcome = expect(put).rejects.toThrow("not wanted any more");
      await sleep(50);
      abort.abort(new Error("not wanted any more"));
      await within(20_000, "the refusal", outcome);
      expect(source.destroyed).toBe(true);
    }
    await fixture.expectNothingLeft();
  });

  point("refuse.aborted-before", "an abort that came before starts nothing", async (fixture) => {
    const source = flow(10);
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(fixture.blobs.put(source, { signal })).rejects.toThrow("too late");
    await expect(fixture.blobs.put(Buffer.from("text"), { signal })).rejects.toThrow("too late");
    expect(source.destroyed).toBe(true);
    await fixture.expectNothingLeft();
  });

  point(
    "refuse.broken-source",
    "a source that fails or ends early is refused, and leaves nothing",
    async (fixture) => {
      for (const sentBytes of [0, 1_000, 17 * MIB]) {
        for (const error of [new Error("the client left"), undefined]) {
          const source = new PassThrough({ highWaterMark: 32 * MIB });
          if (sentBytes > 0) source.write(pattern(sentBytes));
          const put = fixture.blobs.put(source);
          const outcome = expect(put).rejects.toThrow(error ? "the client left" : /premature/i);
          await sleep(50);
          source.destroy(error);
          await within(20_000, "the refusal", outcome);
        }
      }
      await fixture.expectNothingLeft();
    },
  );

  point("refuse.among-others", "a refused write harms none of those beside it", async (fixture) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => {
        const source = new PassThrough();
        source.end(Buffer.alloc(index % 2 ? 2_000 : 500));
        return fixture.blobs.put(source, { maxBytes: 1_000 });
      }),
    );
    expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual(
      Array.from({ length: 20 }, (_, index) => index % 2 === 0),
    );
    expect(await fixture.harness.unfinished()).toEqual([]);
    expect(await fixture.listed()).toHaveLength(10);
  });
}
