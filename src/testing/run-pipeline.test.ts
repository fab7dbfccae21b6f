import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { PermanentError, RetryableError } from "../pipeline/control.ts";
import { fileOption } from "../pipeline/file-option.ts";
import { definePipeline } from "../pipeline/pipeline.ts";
import { runPipeline } from "./run-pipeline.ts";

const shout = definePipeline({
  name: "shout",
  version: 1,
  title: "Shout",
  accepts: { mediaTypes: ["text/plain"] },
  options: z.strictObject({ end: z.string().default("!"), banner: fileOption("Put before it").optional() }),
})
  .each("upper", async (ctx) => {
    const text = (await ctx.read(ctx.file)).toString();
    if (text === "") throw new PermanentError("undecodable_file", "The file is empty.");
    ctx.progress(0.5, "reading");
    await ctx.write({ name: ctx.name, data: Buffer.from(text.toUpperCase()), mediaType: "text/plain" });
    return { length: text.length, at: new Date(0) as unknown as string, gone: undefined };
  })
  .each("end", async (ctx) => {
    const banner = ctx.options.banner ? await ctx.read(ctx.options.banner) : "";
    const text = `${banner}${await ctx.read(ctx.inputs[0]!)}${ctx.options.end}`;
    await ctx.write({ name: ctx.name, data: Buffer.from(text), mediaType: "text/plain" });
    return { seen: ctx.previous };
  })
  .all("count", async (ctx) => ({
    ok: await Array.fromAsync(ctx.items, (item) => item.index),
    failed: await Array.fromAsync(ctx.failures),
  }));

test("each item has its outcome, and the fan-in gets those that succeeded", async () => {
  await using run = await runPipeline(shout, {
    files: [
      { name: "a.txt", data: "hello" },
      { name: "b.txt", data: "" },
    ],
    options: { banner: { file: "banner" } },
    attachments: [{ name: "banner", data: "> " }],
  });
  const [first, second] = run.items;
  expect((await first!.outputs[0]!.read()).toString()).toBe("> HELLO!");
  expect(first!.outputs[0]).toMatchObject({ name: "a.txt", bytes: 8, mediaType: "text/plain" });
  expect(first!.result).toEqual({ seen: { length: 5, at: "1970-01-01T00:00:00.000Z" } });
  expect(first!.progress).toEqual([{ step: "upper", fraction: 0.5, message: "reading" }]);
  expect(second!.error).toMatchObject({ code: "undecodable_file", message: "The file is empty." });
  expect(second!.outputs).toEqual([]);
  expect(run.all.count?.result).toEqual({
    ok: [0],
    failed: [{ index: 1, name: "b.txt", code: "undecodable_file", message: "The file is empty." }],
  });
});

test("the files are gone after the run", async () => {
  const run = await runPipeline(shout, { files: [{ name: "a.txt", data: "hello" }] });
  const path = run.items[0]!.outputs[0]!.path;
  expect(existsSync(path)).toBe(true);
  await run.dispose();
  expect(existsSync(path)).toBe(false);
});

test("options that do not fit are refused", async () => {
  await expect(runPipeline(shout, { options: { loud: true } })).rejects.toThrow("loud");
});

test("warnings are those of the attempts that succeeded, in the order of the steps", async () => {
  const wary = definePipeline({ name: "wary", version: 1, title: "Wary" })
    .each("guess", (ctx) => {
      ctx.warn("guessed", `It was guessed, at attempt ${ctx.attempt}.`);
      if (ctx.attempt === 1) throw new RetryableError("busy");
    })
    .each("cut", (ctx) => {
      const { warn } = ctx;
      warn("cut", "It was cut.");
      warn("cut", "It was cut.");
    })
    .all("sum", (ctx) => ctx.warn("few_items", "There is only one."));
  await using run = await runPipeline(wary, { attempts: 2 });
  expect(run.items[0]?.warnings).toEqual([
    { code: "guessed", message: "It was guessed, at attempt 2." },
    { code: "cut", message: "It was cut." },
  ]);
  expect(run.all.sum?.warnings).toEqual([{ code: "few_items", message: "There is only one." }]);
});

test("retryable failures are tried again, and `once` remembers", async () => {
  let calls = 0;
  const flaky = definePipeline({ name: "flaky", version: 1, title: "Flaky" }).each("try", async (ctx) => {
    const paid = await ctx.once("pay", async () => ++calls);
    if (ctx.attempt < 3) throw new RetryableError("busy");
    return paid;
  });
  await using once = await runPipeline(flaky);
  expect(once.items[0]).toMatchObject({ attempts: 1, error: { code: "step_failed", message: "busy" } });
  calls = 0;
  await using thrice = await runPipeline(flaky, { attempts: 3 });
  expect(thrice.items[0]).toMatchObject({ attempts: 3, result: 1, error: null, name: "" });
});

test("a step that runs out of time is told by its signal", async () => {
  const slow = definePipeline({ name: "slow", version: 1, title: "Slow" }).each(
    "wait",
    (ctx) =>
      new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason))),
    { timeoutMs: 20 },
  );
  await using run = await runPipeline(slow);
  expect(run.items[0]?.error?.code).toBe("step_timeout");
});

test("a thread runs a module's default export and dies with the signal", async () => {
  const module = (code: string) => new URL(`data:text/javascript,export default ${encodeURIComponent(code)}`);
  const threads = definePipeline({ name: "threads", version: 1, title: "Threads" })
    .each("double", (ctx) => ctx.thread<number, number>(module("(n) => n * 2"), 21))
    .each(
      "spin",
      (ctx) => {
        ctx.delta(String(ctx.previous));
        return ctx.thread<null, number>(module("() => { while (true); }"), null);
      },
      { timeoutMs: 200 },
    );
  await using run = await runPipeline(threads);
  expect(run.items[0]).toMatchObject({ deltas: ["42"], result: null, error: { code: "step_timeout" } });
});

test("an item is split, its parts run one by one, and the join reads them", async () => {
  const paged = definePipeline({ name: "paged", version: 1, title: "Paged", accepts: { mediaTypes: ["*"] } })
    .each("before", () => "kept")
    .split("pages", async function* (ctx) {
      for (const page of (await ctx.read(ctx.file)).toString().split(",")) {
        yield {
          data: { page },
          files: [await ctx.write({ name: "page", data: Buffer.from(page), mediaType: "a/b" })],
        };
      }
    })
    .each("read", async (ctx) => {
      if (ctx.part.data.page === "bad") throw new PermanentError("undecodable_file", "It is bad.");
      return (await ctx.read(ctx.inputs[0]!)).toString();
    })
    .each("mark", (ctx) => `${ctx.previous}${ctx.part.index}/${ctx.part.total}`)
    .join("glue", async (ctx) => {
      const texts = await Array.fromAsync(ctx.parts, (part) => part.result);
      const failures = await Array.fromAsync(ctx.failures, ({ index, code, data }) => [
        index,
        code,
        data.page,
      ]);
      return { texts, failures, previous: ctx.previous };
    });
  await using run = await runPipeline(paged, { files: [{ name: "a.txt", data: "x,bad,z" }] });
  expect(run.items[0]).toMatchObject({
    error: null,
    result: { texts: ["x0/3", "z2/3"], failures: [[1, "undecodable_file", "bad"]], previous: "kept" },
  });
  expect(run.items[0]!.parts).toMatchObject([
    { name: "a-1.txt" },
    { error: { code: "undecodable_file" } },
    {},
  ]);
  await using none = await runPipeline(paged, { files: [{ name: "a.txt", data: "bad" }] });
  expect(none.items[0]!.error).toMatchObject({ code: "parts_failed", message: "The only part failed." });
});
