import { expect, expectTypeOf, test } from "vitest";
import { definePipeline, type Pipeline } from "./pipeline.ts";

const pipeline = () => definePipeline({ name: "pages", version: 1, title: "Pages" });
const split = () => pipeline().split("split", () => [{ data: { page: 1 } }]);

/** The pipeline as plain JavaScript sees it, without a compiler to object. */
type Loose = Record<"each" | "split" | "join" | "all", (name: string, run: () => unknown) => Loose>;
const loose = (steps: unknown) => steps as Loose;

test("each step knows the types of what came before", () => {
  const made = pipeline()
    .each("before", () => "text")
    .split("split", async function* () {
      yield { data: { page: 1 } };
    })
    .each("read", (ctx) => {
      expectTypeOf(ctx.part.data).toEqualTypeOf<{ page: number }>();
      expectTypeOf(ctx.previous).toEqualTypeOf<null>();
      return [ctx.part.data.page];
    })
    .each("mark", (ctx) => {
      expectTypeOf(ctx.previous).toEqualTypeOf<number[]>();
      return true;
    })
    .join("join", async (ctx) => {
      expectTypeOf(ctx.previous).toEqualTypeOf<string>();
      for await (const { data, result } of ctx.parts) {
        expectTypeOf(data).toEqualTypeOf<{ page: number }>();
        expectTypeOf(result).toEqualTypeOf<boolean>();
      }
      return 7;
    })
    .each("after", (ctx) => expectTypeOf(ctx.previous).toEqualTypeOf<number>());
  expect(made.steps.map(({ kind }) => kind)).toEqual(["each", "split", "each", "each", "join", "each"]);
  const files = pipeline().split("split", () => [{ files: [] }]);
  files.each("read", (ctx) => expectTypeOf(ctx.part.data).toEqualTypeOf<null>());
  expectTypeOf(split().each("read", () => 1)).not.toExtend<Pipeline>();
});

test("steps that cannot follow one another are refused, with the reason", () => {
  const run = () => 1;
  const read = () => loose(split().each("read", run));
  expect(() => read().split("again", run)).toThrow('splits cannot be nested, and "split" has no join yet');
  expect(() => read().all("sum", run)).toThrow('the split "split" has no join yet');
  expect(() => loose(split()).join("join", run)).toThrow("the parts need an `each` step first");
  expect(() => loose(pipeline()).join("join", run)).toThrow("there is no split to join");
  expect(() => read().join("join", run).split("again", run)).toThrow(
    "a pipeline can split its items only once",
  );
  expect(() => loose(pipeline()).all("sum", run).split("split", run)).toThrow("only `all` steps follow");
});

test.each([0, 1.5, 100_001])("maxParts of %d is refused", (maxParts) => {
  expect(() => pipeline().split("split", () => [], { maxParts })).toThrow(/maxParts.*from 1 to 100000/);
});

/** What the split of a pipeline returns when a worker calls it. */
const partsOf = (returned: unknown, maxParts?: number) => {
  const [step] = (pipeline().split("split", () => returned as never[], { maxParts }) as unknown as Pipeline)
    .steps;
  return step!.run({} as never) as Promise<unknown>;
};

test("what a split returned is a list of parts, and no more than its limit", async () => {
  expect(await partsOf([{ data: 1 }, { name: "two" }])).toEqual([
    { data: 1, files: [], name: undefined },
    { data: undefined, files: [], name: "two" },
  ]);
  await expect(partsOf(Array(4).fill({}), 3)).rejects.toMatchObject({
    ...{ code: "too_many_parts", retryable: false },
    message: 'The step "split" split the item into more than 3 parts, the limit set by maxParts.',
  });
  await expect(partsOf(7)).rejects.toThrow("must return a list of parts");
  await expect(partsOf(["text"])).rejects.toThrow('Part 0 of the step "split" must be an object');
  await expect(partsOf([{ page: 1 }])).rejects.toThrow('has an unknown member "page"');
  await expect(partsOf([{ files: [{}] }])).rejects.toThrow("files must be a list of the step's files");
  await expect(partsOf([{ name: 7 }])).rejects.toThrow("its name must be text");
});
