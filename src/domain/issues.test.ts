import { expect, test } from "vitest";
import { z } from "zod";
import { firstIssues } from "./issues.ts";

test("faults are told in words, not in those of the schema library", () => {
  const schema = z.strictObject({
    width: z.int().min(1).max(9),
    ratio: z.number().gt(0),
    name: z.string().min(1),
    list: z.array(z.string()).max(1),
    format: z.enum(["png", "webp"]),
    kind: z.literal("a"),
    mail: z.email(),
    step: z.number().multipleOf(5),
    own: z.string().refine(() => false, { error: "Spell it backward." }),
    union: z.union([z.string(), z.number()]),
    missing: z.string(),
  });
  const value = {
    ...{ width: -1, ratio: 0, name: "", list: ["a", "b"], format: "bmp", kind: "b", mail: "x", step: 3 },
    ...{ own: "x", union: true, colour: "red" },
  };
  const found = firstIssues(schema.safeParse(value).error!.issues);
  expect(Object.fromEntries(found.map(({ path, message }) => [path, message]))).toEqual({
    width: "It must be at least 1.",
    ratio: "It must be greater than 0.",
    name: "It must have at least 1 character.",
    list: "It must have at most 1 entry.",
    format: 'It must be one of "png", "webp".',
    kind: 'It must be "a".',
    mail: "It must be a valid email address.",
    step: "It must be a multiple of 5.",
    own: "Spell it backward.",
    union: "It does not match any of the accepted forms.",
    missing: "It is missing: it must be text.",
    "": 'There is no field named "colour" here.',
  });
});

test("an unknown field is told with the one that was probably meant", () => {
  const { issues } = z.strictObject({}).safeParse({ widht: 1 }).error!;
  const found = firstIssues(issues.map((issue) => ({ ...issue, meant: ["width"] })));
  expect(found).toEqual([
    { path: "", message: 'There is no field named "widht" here. Did you mean "width"?' },
  ]);
});

test("a number that is none, and one that is not whole", () => {
  const messages = (schema: z.ZodType, value: unknown) =>
    firstIssues(schema.safeParse(value).error!.issues).map(({ message }) => message);
  expect(messages(z.coerce.number(), "abc")).toEqual(["It must be a number."]);
  expect(messages(z.int(), 1.5)).toEqual(["It must be a whole number."]);
  expect(messages(z.object({}), [])).toEqual(["It must be an object."]);
});
