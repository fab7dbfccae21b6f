import { expect, test } from "vitest";
import type { JsonSchema } from "../json-schema/schema.ts";
import { readItems } from "./read-items.ts";

const schema: JsonSchema = {
  type: "object",
  properties: {
    name: { type: "string" },
    cents: { type: "integer" },
    paid: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } },
  },
};

test("a CSV's texts become what the schema says, and empty cells are left out", () => {
  const csv =
    '\uFEFFname,cents,paid,tags\r\n"Ada, Countess",500,true,"[""a""]"\r\nBo,,False,\r\n007,x,,\r\n\r\n';
  expect(readItems(csv, true, schema)).toEqual([
    { data: { name: "Ada, Countess", cents: 500, paid: true, tags: ["a"] } },
    { data: { name: "Bo", paid: false } },
    { data: { name: "007", cents: "x" } },
  ]);
});

test("one column, other delimiters and unknown columns are read too", () => {
  expect(readItems("name\nAda\nBo\n", true, schema)).toEqual([
    { data: { name: "Ada" } },
    { data: { name: "Bo" } },
  ]);
  expect(readItems("name;cents\nAda;5\n", true, schema)).toEqual([{ data: { name: "Ada", cents: 5 } }]);
  expect(readItems("other,cents\n1,2\n", true, schema)).toEqual([{ data: { other: "1", cents: 2 } }]);
});

test("NDJSON has one value in each line, and a fault names its line", () => {
  expect(readItems('{"a":1}\n\n"text"\n', false, schema)).toEqual([{ data: { a: 1 } }, { data: "text" }]);
  expect(() => readItems('{"a":1}\n{"a":\n', false, schema)).toThrow(expect.objectContaining({ line: 2 }));
  expect(() => readItems('name,cents\n"open,5\n', true, schema)).toThrow(
    expect.objectContaining({ line: 2 }),
  );
});
