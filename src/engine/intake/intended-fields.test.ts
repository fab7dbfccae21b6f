import { expect, test } from "vitest";
import { z } from "zod";
import { withIntendedFields } from "./intended-fields.ts";

const mark = z.strictObject({ text: z.string().optional(), opacity: z.number().optional() });
const schema = z.strictObject({
  width: z.int().optional(),
  mark: z.union([mark, z.null()]).optional(),
  list: z.array(mark).optional(),
  byName: z.record(z.string(), mark).optional(),
});

const meant = (value: unknown) =>
  withIntendedFields(schema.safeParse(value).error!.issues, schema).map((issue) => issue.meant);

test("a misspelled option names the one that was meant, at any depth", () => {
  expect(meant({ widht: 800 })).toEqual([["width"]]);
  expect(meant({ Width: 800, mrak: null })).toEqual([["width", "mark"]]);
  expect(meant({ list: [{ text: "a" }, { txt: "b" }] })).toEqual([["text"]]);
  expect(meant({ byName: { one: { opacty: 1 } } })).toEqual([["opacity"]]);
});

test("a field like no other, and any other issue, gets no suggestion", () => {
  expect(meant({ brightness: 1 })).toEqual([[]]);
  expect(meant({ width: "wide" })).toEqual([undefined]);
});
