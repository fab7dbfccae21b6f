import { test } from "vitest";
import { z } from "zod";
import type { Json } from "../domain/records.ts";
import { definePipeline } from "./pipeline.ts";

const base = definePipeline({ name: "p", version: 1, title: "P" });

interface Row {
  name: string;
  sizes?: number[];
}

// The compiler is the test: `tsc` fails if it accepts or rejects a line below against its comment.
test("what a step may return is JSON", () => {
  base.each("nothing", () => {});
  base.each("null", () => null);
  base.each("text", async () => "text");
  base.each("rows", async (): Promise<Row[]> => []);
  base.each("maybe", () => ({ at: Math.random() > 0.5 ? "now" : undefined }));
  base.each("json", (): Json => null);
  base.each("record", (): Record<string, Json> => ({}));
  // @ts-expect-error a Date comes back as text
  base.each("date", () => new Date());
  // @ts-expect-error nested dates, too
  base.each("dates", async () => ({ rows: [{ at: new Date() }] }));
  // @ts-expect-error a Map comes back empty
  base.each("map", () => new Map([["a", 1]]));
  // @ts-expect-error a Set comes back empty
  base.all("set", () => ({ seen: new Set([1]) }));
  // @ts-expect-error bytes are files
  base.each("buffer", () => Buffer.from("a"));
  // @ts-expect-error JSON has no bigints
  base.each("bigint", () => 5n);
  // @ts-expect-error JSON has no functions
  base.each("function", () => ({ run: () => 1 }));
});

test("results and data keep their types", () => {
  const typed = definePipeline({
    name: "p",
    version: 1,
    title: "P",
    accepts: { data: z.object({ day: z.string() }) },
  })
    .each("first", ({ data }) => ({ length: data.day.length }))
    .batch("second", { size: 2 }, (tasks) =>
      tasks.map(({ previous, data }) => `${previous.length} ${data.day}`),
    );
  typed.all("third", async (ctx) => {
    for await (const item of ctx.items) {
      item.result satisfies string;
      item.data.day satisfies string;
    }
  });
  definePipeline({
    name: "q",
    version: 1,
    title: "Q",
    accepts: { mediaTypes: ["*"], data: z.string() },
  }).each("either", ({ data }) => data satisfies string | null);
  definePipeline({ name: "r", version: 1, title: "R", accepts: { mediaTypes: ["*"] } }).each(
    "files",
    ({ data }) => data satisfies null,
  );
});
