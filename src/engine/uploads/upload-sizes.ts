import { MillraceError } from "../../errors.ts";
import type { Pipelines } from "../engine.ts";

/** Size limits of uploads: those of their pipeline, or the largest of any pipeline if they name none. */
export function uploadSizes(pipelines: Pipelines) {
  const mostBytes = (pipeline?: string): number => {
    const { accepts } = (pipeline !== undefined && pipelines.get(pipeline)) || {};
    return accepts?.maxFileBytes ?? Math.max(0, ...pipelines.list().map((one) => one.accepts.maxFileBytes));
  };
  return {
    mostBytes,
    refuseLarge(bytes: number | null, pipeline: string | undefined): void {
      const limit = mostBytes(pipeline);
      if (bytes === null || bytes <= limit) return;
      throw new MillraceError("file_too_large", `The file has ${bytes} bytes. The limit is ${limit}.`, {
        extra: { limit },
      });
    },
  };
}
