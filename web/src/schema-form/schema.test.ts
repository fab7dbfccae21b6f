import { describe, expect, test } from "vitest";
import { z } from "zod";
import { controlOf, humanise, isRequired, type JsonSchema, variantLabel } from "../json-schema/schema.ts";
import { buildValue, initialDraft } from "./value.ts";

function schemaOf(type: z.ZodType): JsonSchema {
  return z.toJSONSchema(type, { io: "input" }) as JsonSchema;
}

function kindOf(type: z.ZodType): string {
  const schema = schemaOf(type);
  return controlOf(schema, schema).kind;
}

test("each kind of option has its control", () => {
  expect(kindOf(z.string())).toBe("text");
  expect(kindOf(z.number())).toBe("number");
  expect(kindOf(z.int())).toBe("number");
  expect(kindOf(z.boolean())).toBe("boolean");
  expect(kindOf(z.enum(["a", "b"]))).toBe("choice");
  expect(kindOf(z.literal("a"))).toBe("choice");
  expect(kindOf(z.union([z.literal("a"), z.literal(2)]))).toBe("choice");
  expect(kindOf(z.object({ a: z.string() }))).toBe("object");
  expect(kindOf(z.array(z.string()))).toBe("list");
  expect(kindOf(z.array(z.enum(["a"])))).toBe("list");
  expect(kindOf(z.array(z.object({ a: z.string() })))).toBe("json");
  expect(kindOf(z.union([z.object({ a: z.string() }), z.number()]))).toBe("variants");
  expect(kindOf(z.string().nullable())).toBe("text");
  expect(kindOf(z.record(z.string(), z.string()))).toBe("json");
  expect(kindOf(z.object({ artifactId: z.string() }).meta({ format: "artifact" }))).toBe("file");
});

const options = z.object({
  name: z.string().min(2).max(5),
  count: z.int().min(1).max(9).default(3),
  ratio: z.number().gt(0).lt(1).optional(),
  mode: z.enum(["fast", "good"]).default("good"),
  verbose: z.boolean().default(true),
  tags: z.array(z.string()).max(2).optional(),
  border: z.object({ width: z.int(), colour: z.string().default("red") }).optional(),
  shape: z
    .union([
      z.object({ type: z.literal("circle"), radius: z.number() }),
      z.object({ type: z.literal("square"), side: z.number() }),
    ])
    .default({ type: "square", side: 4 }),
  mark: z
    .object({ image: z.object({ artifactId: z.string() }).meta({ format: "artifact" }).optional() })
    .optional(),
});
const schema = schemaOf(options);
const draft = () => initialDraft(schema, schema) as Record<string, never>;
const build = (changes: object) => buildValue({ ...draft(), ...changes }, schema, schema);

describe("values", () => {
  test("defaults fill the form, and the form gives them back", () => {
    expect(draft()).toMatchObject({ name: "", count: "3", mode: '"good"', verbose: true, tags: [] });
    const { value, errors } = build({ name: "Anna" });
    expect(errors).toEqual({});
    expect(value).toEqual({
      name: "Anna",
      count: 3,
      mode: "good",
      verbose: true,
      shape: { type: "square", side: 4 },
    });
    expect(options.parse(value)).toMatchObject({ name: "Anna" });
  });

  test("what is typed arrives with its type", () => {
    const { value, errors } = build({
      name: "Anna",
      count: "7",
      ratio: "0.25",
      tags: ["a", "b"],
      border: { width: "2", colour: "" },
      shape: { $variant: 0, $value: { type: '"circle"', radius: "1.5" } },
    });
    expect(errors).toEqual({});
    expect(options.parse(value)).toEqual({
      name: "Anna",
      count: 7,
      ratio: 0.25,
      mode: "good",
      verbose: true,
      tags: ["a", "b"],
      border: { width: 2, colour: "red" },
      shape: { type: "circle", radius: 1.5 },
    });
  });

  test("errors name their field", () => {
    expect(build({ name: "" }).errors).toEqual({ name: { kind: "required" } });
    expect(build({ name: "x" }).errors).toEqual({ name: { kind: "minLength", limit: 2 } });
    expect(build({ name: "Anna", count: "1.5" }).errors).toEqual({ count: { kind: "whole" } });
    expect(build({ name: "Anna", count: "10" }).errors).toEqual({ count: { kind: "max", limit: 9 } });
    expect(build({ name: "Anna", ratio: "1" }).errors).toEqual({ ratio: { kind: "below", limit: 1 } });
    expect(build({ name: "Anna", ratio: "abc" }).errors).toEqual({ ratio: { kind: "number" } });
    expect(build({ name: "Anna", tags: ["a", "b", "c"] }).errors).toEqual({
      tags: { kind: "maxItems", limit: 2 },
    });
    expect(build({ name: "Anna", tags: [""] }).errors).toEqual({ "tags.0": { kind: "required" } });
    expect(build({ name: "Anna", border: { width: "", colour: "blue" } }).errors).toEqual({
      "border.width": { kind: "required" },
    });
  });

  test("an optional group is left out until it is switched on", () => {
    expect(draft().border).toBeUndefined();
    expect(build({ name: "Anna", border: { width: "1", colour: "red" } }).value).toMatchObject({
      border: { width: 1, colour: "red" },
    });
  });

  test("a file option becomes a part named by its path", () => {
    const image = new File(["x"], "logo.png");
    const { value, files } = build({ name: "Anna", mark: { image } });
    expect(files.get("mark.image")).toBe(image);
    expect(value).toMatchObject({ mark: {} });
  });

  test("free JSON is checked", () => {
    const free = schemaOf(z.object({ extra: z.record(z.string(), z.number()).optional() }));
    expect(buildValue({ extra: '{"a": 1}' }, free, free).value).toEqual({ extra: { a: 1 } });
    expect(buildValue({ extra: "{" }, free, free).errors).toEqual({ extra: { kind: "json" } });
  });
});

test("required is what has no default", () => {
  expect(isRequired(schema, "name")).toBe(true);
  expect(isRequired(schema, "count")).toBe(false);
  expect(isRequired(schema, "ratio")).toBe(false);
});

test("shared definitions are followed", () => {
  const root: JsonSchema = {
    $defs: { Side: { type: "integer" } },
    type: "object",
    properties: { a: { $ref: "#/$defs/Side" } },
  };
  expect(controlOf(root.properties!.a!, root)).toEqual({ kind: "number", whole: true });
});

test("labels", () => {
  expect(humanise("keepMetadata")).toBe("Keep metadata");
  expect(humanise("max_file-bytes")).toBe("Max file bytes");
  expect(variantLabel({ properties: { type: { const: "circle" } } }, 0, String)).toBe("circle");
  expect(variantLabel({ type: "number" }, 0, String)).toBe("number");
});
