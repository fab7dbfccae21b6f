import { type CallOptions, type Client, type PipelineView, Problem } from "../../client/index.ts";
import { MillraceError } from "../../errors.ts";
import { type ClientFlags, nextCommand } from "./flags.ts";

/** Retrieves a pipeline. If there is none of this name, the error says how to list them. */
export async function pipelineNamed(
  server: Client,
  name: string,
  flags: ClientFlags,
  options?: CallOptions,
): Promise<PipelineView> {
  try {
    return await server.pipeline(name, options);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "not_found") throw error;
    const text = `${error.message} \`${nextCommand("pipelines", flags)}\` lists them.`;
    throw new MillraceError("not_found", text, { cause: error });
  }
}
