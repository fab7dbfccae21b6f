import { z } from "zod";
import { firstIssues } from "../domain/issues.ts";
import { MillraceError } from "../errors.ts";
import type {
  Ai,
  AiAnswer,
  AiEmbedRequest,
  AiImageRequest,
  AiObjectRequest,
  AiPictures,
  AiRequest,
  AiText,
  AiVectors,
} from "./ai.ts";

/** A model call on its way from the step to the process that makes it. Plain data, so that it can cross processes. */
export type AiCall =
  | { kind: "text"; request: AiRequest; streams: boolean }
  | { kind: "object"; request: AiRequest; name: string; schema: { [key: string]: unknown } }
  | { kind: "embed"; request: AiEmbedRequest }
  | { kind: "image"; request: AiImageRequest };

/** The answer to an `object` call before validation. */
export interface AiValue extends AiAnswer {
  value: unknown;
  repaired: boolean;
}

export type MakeAiCall = (call: AiCall) => Promise<unknown>;

/** `Ai` with access to the calls beneath it: a step in another process makes them through its worker. */
export interface RawAi extends Ai {
  readonly call: MakeAiCall;
}

/** Builds the interface for steps over a function that makes the calls. Validates answers here, where the schema is. */
export function aiOver(models: readonly string[], make: MakeAiCall): RawAi {
  return {
    models,
    call: make,
    text: (request) => make({ kind: "text", request, streams: false }) as Promise<AiText>,
    stream: (request) => make({ kind: "text", request, streams: true }) as Promise<AiText>,
    async object<T>({ schema, name = "answer", ...request }: AiObjectRequest<T>) {
      const shape = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
      const { value, ...answer } = (await make({ kind: "object", request, name, schema: shape })) as AiValue;
      const parsed = schema.safeParse(value);
      if (parsed.success) return { ...answer, object: parsed.data };
      const [issue] = firstIssues(parsed.error.issues);
      const where = issue ? ` (${JSON.stringify(issue)})` : "";
      throw new MillraceError(
        "answer_malformed",
        `The answer of ${answer.model} does not match the schema${where}.`,
      );
    },
    embed: (request) => make({ kind: "embed", request }) as Promise<AiVectors>,
    image: (request) => make({ kind: "image", request }) as Promise<AiPictures>,
  };
}

/** Used when no provider is configured. */
export const noAi: RawAi = aiOver([], async () => {
  throw noModel();
});

export function noModel(name?: string): MillraceError {
  const text =
    name === undefined
      ? "No model is configured for this. Define one in MILLRACE_AI_MODELS."
      : `There is no model "${name}". MILLRACE_AI_MODELS defines the models.`;
  return new MillraceError("no_model", text);
}
