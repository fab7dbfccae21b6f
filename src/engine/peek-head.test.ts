import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { peekHead } from "./peek-head.ts";

test("nothing is lost, in whatever pieces it comes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 })), async (pieces) => {
      const content = Buffer.concat(pieces);
      const { head, whole } = await peekHead(Readable.from(pieces.map((piece) => Buffer.from(piece))), 100);
      expect(head.length).toBeGreaterThanOrEqual(Math.min(100, content.length));
      expect(content.subarray(0, head.length)).toEqual(head);
      expect(await buffer(whole)).toEqual(content);
    }),
  );
});

test("the head is known before the rest has come", async () => {
  const source = new PassThrough();
  source.write("0123456789");
  const { head, whole } = await peekHead(source, 4);
  expect(head.toString()).toBe("0123456789");
  source.end("abc");
  expect((await buffer(whole)).toString()).toBe("0123456789abc");
});

test("destroying the whole destroys the source at once", async () => {
  const source = new PassThrough();
  source.write("head");
  const { whole } = await peekHead(source, 4);
  whole.resume();
  await new Promise(setImmediate);
  whole.destroy();
  await once(source, "close");
});

test("the source's error is the whole's, and the head's", async () => {
  const source = new PassThrough();
  source.write("head");
  const { whole } = await peekHead(source, 4);
  source.destroy(new Error("cut off"));
  await expect(buffer(whole)).rejects.toThrow("cut off");

  const early = new PassThrough();
  const peeked = peekHead(early, 4);
  early.destroy(new Error("cut off"));
  await expect(peeked).rejects.toThrow("cut off");
});

test("a source that ends early without saying so is an error", async () => {
  const source = new PassThrough();
  source.write("head");
  const { whole } = await peekHead(source, 4);
  source.destroy();
  await expect(buffer(whole)).rejects.toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
});
