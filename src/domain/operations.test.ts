import fc from "fast-check";
import { expect, test } from "vitest";
import { mergePatch, patchBetween } from "./operations.ts";
import type { Json } from "./records.ts";

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.constantFrom("a", "b"),
    fc.array(fc.integer(), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("json") as fc.Arbitrary<Json>, { maxKeys: 3 }),
  ),
}));

test("a patch between two values makes one of the other", () => {
  const prove = (from: Json, to: Json) => {
    expect(mergePatch(from, patchBetween(from, to))).toEqual(to);
  };
  fc.assert(fc.property(json, json, prove));
});
