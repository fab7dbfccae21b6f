import { runPipeline } from "../../testing/run-pipeline.ts";
import { type DeriveResult, imageDerive } from "./index.ts";

export async function derive(file: Buffer, options: object = {}) {
  const [one] = await deriveAll([file], options);
  return one!;
}

/** Derives images with the built-in pipeline. Throws the step's error. */
export async function deriveAll(files: readonly Buffer[], options: object = {}) {
  await using run = await runPipeline(imageDerive, {
    files: files.map((data, n) => ({ name: `photo-${n}.jpg`, data })),
    options,
  });
  return Promise.all(
    run.items.map(async (item) => {
      if (item.error) throw item.error.cause;
      const outputs = await Promise.all(
        item.outputs.map(async ({ name, mediaType, meta, read }) => ({
          name,
          mediaType,
          meta,
          data: await read(),
        })),
      );
      return {
        result: item.result as unknown as DeriveResult,
        outputs,
        warned: item.warnings.map(({ code }) => code),
      };
    }),
  );
}
