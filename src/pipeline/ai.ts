import type { z } from "zod";

/**
 * The models that the settings name (`MILLRACE_AI_*`). The worker makes the calls: neither keys nor URLs reach the
 * step.
 *
 * You pay for a call once: its answer is recorded under the request itself, as with `ctx.once`, and later attempts get
 * the recorded answer. Each call books its cost in the provider's budgets before it starts. A call that must wait
 * longer than a moment snoozes the whole step, which later runs again from its start with no attempt charged, so do not
 * catch the error. It throws:
 * - `no_model`: the settings do not name this model, or name none at all
 * - `budget_exhausted`: its turn would come after the job's deadline
 * - `provider_unavailable`, which is retried: the provider is down, slow, or answered nonsense
 * - `provider_refused`: the provider will never answer this: a wrong key, a spent account, content it rejects
 * - `answer_incomplete`: the answer hit `maxOutputTokens` (only from `object`)
 * - `answer_malformed`: the answer does not fit the schema, even after a local repair
 */
export interface Ai {
  /** Names of the models that this pipeline may use, its own choice first. Empty if no provider is configured. */
  readonly models: readonly string[];
  /** Generates text from text, and from pictures if the model has vision. */
  text(request: AiRequest): Promise<AiText>;
  /** Like `text`, but also streams each piece to clients that watch the job (`text.delta`). */
  stream(request: AiRequest): Promise<AiText>;
  /** Generates a value of a given shape: the model gets the schema, and the answer is validated against it. */
  object<T>(request: AiObjectRequest<T>): Promise<AiObject<T>>;
  /** One vector for each text, in order. */
  embed(request: AiEmbedRequest): Promise<AiVectors>;
  /** Generates pictures from a description, or from other pictures. */
  image(request: AiImageRequest): Promise<AiPictures>;
}

interface Call {
  /** A model name from the settings. @default the pipeline's choice, then its fallback if that one cannot answer */
  model?: string;
  /** Set it to get another answer to the same request. @default the request itself */
  key?: string;
}

export interface AiRequest extends Call {
  /** The system prompt. */
  system?: string;
  /** Set either this or `messages`. */
  prompt?: string;
  /** A conversation, oldest first; the last message is the user's. */
  messages?: readonly AiMessage[];
  /** Attached to the prompt, or to the last message. */
  images?: readonly AiPicture[];
  /** Most tokens in the answer, including reasoning. Always sent. @default the model's value in the settings */
  maxOutputTokens?: number;
  /** 0 is the least random. @default the provider's */
  temperature?: number;
}

export interface AiMessage {
  role: "user" | "assistant";
  content: string;
}

/** A file that the step may read, or bytes. */
export type AiPicture = { artifactId: string; mediaType?: string } | { data: Uint8Array; mediaType: string };

export interface AiObjectRequest<T> extends AiRequest {
  /** A zod schema that JSON Schema can express. */
  schema: z.ZodType<T>;
  /** Name of the schema. @default "answer" */
  name?: string;
}

export interface AiEmbedRequest extends Call {
  values: readonly string[];
}

export interface AiImageRequest extends Call {
  prompt: string;
  /** Pictures to start from, if the model edits pictures. @default it draws from the prompt alone */
  images?: readonly AiPicture[];
  /** @default 1 */
  count?: number;
  /** Width and height in pixels, such as `1024x1024`. @default the provider's */
  size?: `${number}x${number}`;
}

export interface AiUsage {
  /** Including cached tokens. */
  inputTokens: number;
  /** The part of the input that came from the provider's cache. */
  cachedInputTokens: number;
  /** Including reasoning. */
  outputTokens: number;
  /** The part of the output that was reasoning. */
  reasoningTokens: number;
  /** The provider did not report usage; the counts are estimated from the texts. */
  estimated: boolean;
}

export interface AiCost {
  usd: number;
  /** Computed from estimated tokens. */
  estimated: boolean;
}

/** What every answer reports. */
export interface AiAnswer {
  /** Provider and model, such as `openai/gpt-5-mini`. */
  model: string;
  usage: AiUsage;
  /** `null` if the price table does not list the model. */
  cost: AiCost | null;
  /** Recorded earlier for the same request: nothing was paid this time. */
  cached: boolean;
}

export interface AiText extends AiAnswer {
  text: string;
  /** `length`: the answer was cut at `maxOutputTokens`. */
  finish: "stop" | "length" | "filtered" | "other";
}

export interface AiObject<T> extends AiAnswer {
  object: T;
  /** The answer was not valid JSON until it was repaired. */
  repaired: boolean;
}

export interface AiVectors extends AiAnswer {
  vectors: number[][];
}

export interface AiPictures extends AiAnswer {
  pictures: { data: Uint8Array; mediaType: string }[];
}
