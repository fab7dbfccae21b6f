import { expect, test } from "vitest";
import { signer } from "./keys.ts";

const one = "a".repeat(32);
const other = "b".repeat(32);

test("what was signed is known again, and nothing else is", () => {
  const { sign, verify } = signer([one], "bus");
  const tag = sign("text");
  expect(tag).toMatch(/^[\w-]{22}$/);
  expect(verify("text", tag)).toBe(true);
  expect(verify("texts", tag)).toBe(false);
  for (const wrong of ["", "x", tag.slice(1), `${tag}A`, `B${tag.slice(1)}`, "é".repeat(22)]) {
    expect(verify("text", wrong), wrong).toBe(wrong === tag);
  }
});

test("a tag counts for its purpose and its key alone", () => {
  const tag = signer([one], "bus").sign("text");
  expect(signer([one], "hint").verify("text", tag)).toBe(false);
  expect(signer([other], "bus").verify("text", tag)).toBe(false);
});

test("a key that was replaced still counts while it is named, and signs nothing", () => {
  const before = signer([one], "bus");
  const after = signer([other, one], "bus");
  expect(after.verify("text", before.sign("text"))).toBe(true);
  expect(before.verify("text", after.sign("text"))).toBe(false);
});
