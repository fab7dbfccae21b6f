import { expect, test } from "vitest";
import { isReference, references } from "./references.ts";

const id = "0192d3a4-5b6c-7d8e-9f01-23456789abcd.0.3.0";

test("references to files are found in JSON, and nothing else is", () => {
  const value = { pages: [{ image: { artifactId: id, name: "a.png" } }], note: `"artifactId": "${id}"` };
  const json = JSON.stringify(value, null, 2);
  const parts = json.split(references);
  expect(parts).toHaveLength(3);
  expect(parts[1]).toBe(id);
  expect(parts.join("")).toBe(json);
});

test("an id is one in full", () => {
  expect(isReference("artifactId", id)).toBe(true);
  for (const other of [`${id}/../x`, "javascript:alert(1)", "", 7, null]) {
    expect(isReference("artifactId", other)).toBe(false);
  }
  expect(isReference("id", id)).toBe(false);
});
