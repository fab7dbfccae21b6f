import Papa from "papaparse";
import { expect, test } from "vitest";
import type { JsonSchema } from "./json-schema.ts";
import { type ParseCsv, readItems } from "./read-items.ts";

const schema: JsonSchema = {
  type: "object",
  properties: {
    name: { type: "string" },
    cents: { type: "integer" },
    paid: { type: "boolean" },
    tags: { type: "array", items: { type: "string" } },
    tip: { anyOf: [{ type: "number" }, { type: "null" }] },
  },
};
const parseCsv: ParseCsv = (text, options) => Papa.parse<Record<string, string>>(text, options);
const csv = (text: string) => readItems(text, { schema, parseCsv });
const lines = (text: string) => readItems(text, { schema, parseCsv: null });

test("a CSV's texts become what the schema says, and empty cells are left out", () => {
  const text =
    '\uFEFFname,cents,paid,tags\r\n"Ada, Countess",500,true,"[""a""]"\r\nBo,,False,\r\n007,x,,\r\n\r\n';
  expect(csv(text)).toEqual([
    { data: { name: "Ada, Countess", cents: 500, paid: true, tags: ["a"] } },
    { data: { name: "Bo", paid: false } },
    { data: { name: "007", cents: "x" } },
  ]);
});

test("one column, other delimiters, columns that may be null and unknown columns are read too", () => {
  expect(csv("name\nAda\nBo\n")).toEqual([{ data: { name: "Ada" } }, { data: { name: "Bo" } }]);
  expect(csv("name;cents\nAda;5\n")).toEqual([{ data: { name: "Ada", cents: 5 } }]);
  expect(csv("name,tip\nAda,1.5\n")).toEqual([{ data: { name: "Ada", tip: 1.5 } }]);
  expect(csv("other,cents\n1,2\n")).toEqual([{ data: { other: "1", cents: 2 } }]);
});

test("names of a CSV that JavaScript knows are names as any other", () => {
  expect(csv("constructor,toString,name\n1,2,Ada\n")).toEqual([
    { data: { constructor: "1", toString: "2", name: "Ada" } },
  ]);
});

test("NDJSON has one value in each line, and a fault names its line", () => {
  expect(lines('\uFEFF{"a":1}\n\n"text"\n')).toEqual([{ data: { a: 1 } }, { data: "text" }]);
  expect(() => lines('{"a":1}\n{"a":\n')).toThrow(expect.objectContaining({ line: 2 }));
  expect(() => csv('name,cents\n"open,5\n')).toThrow(expect.objectContaining({ line: 2 }));
});
