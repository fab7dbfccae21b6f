import { z } from "zod";

const whole = z.int().min(1).max(1_000_000_000);

const limits = z.strictObject({
  requestsPerMinute: whole.optional(),
  requestsPerDay: whole.optional(),
  inputTokensPerMinute: whole.optional(),
  outputTokensPerMinute: whole.optional(),
  /** Input and output together. */
  tokensPerMinute: whole.optional(),
  tokensPerDay: whole.optional(),
  /** Concurrent calls. */
  concurrent: z.int().min(1).max(10_000).optional(),
});

/** USD per million tokens. */
const prices = z.strictObject({
  input: z.number().min(0),
  output: z.number().min(0),
  /** @default as `input` */
  cachedInput: z.number().min(0).optional(),
  /** @default as `output` */
  reasoning: z.number().min(0).optional(),
  /** USD per generated image. @default 0 */
  picture: z.number().min(0).optional(),
});

const model = z.strictObject({
  /** Name that pipelines and requests use. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,59}$/),
  /** API protocol. */
  provider: z.enum(["openai", "gemini"]),
  /** Base URL including the version, such as `https://api.example/v1`. */
  url: z.url({ protocol: /^https?$/ }),
  key: z.string().optional(),
  /** The provider's name for the model. */
  model: z.string().min(1).max(200),
  /** @default the provider's host */
  label: z.string().min(1).max(60).optional(),
  does: z
    .array(z.enum(["text", "vision", "embedding", "picture"]))
    .min(1)
    .default(["text"]),
  /** Name of the model to use if this one is unavailable. */
  fallback: z.string().optional(),
  maxOutputTokens: z.int().min(1).max(1_000_000).default(4_096),
  /** Maximum size of a conversation, in tokens. */
  contextTokens: z.int().min(100).max(100_000_000).default(32_000),
  timeoutSeconds: z.number().min(0.1).max(3_600).default(120),
  /** Whether the provider supports JSON Schema. If not, the prompt asks for JSON. */
  schemas: z.boolean().default(true),
  prices: prices.optional(),
  /** Limits of this model, over all users. */
  limits: limits.optional(),
  /** Limits of the key, over all models that use it at this URL. */
  keyLimits: limits.optional(),
  /** Limits per user. */
  userLimits: limits.optional(),
  /** Requests that may start at the same time. */
  burst: z.number().min(1).max(1_000).default(1),
});

export const modelSettings = z.array(model).superRefine((models, context) => {
  const names = models.map(({ name }) => name);
  for (const [index, { name, fallback }] of models.entries()) {
    if (names.indexOf(name) !== index) context.addIssue({ code: "custom", message: `${name} appears twice` });
    if (fallback !== undefined && (!names.includes(fallback) || fallback === name))
      context.addIssue({
        code: "custom",
        message: `${name} falls back to ${fallback}, which is not another model in this list`,
      });
  }
});

/** Model names by pipeline. `*` stands for all others. */
export const pipelineModels = z.record(z.string(), z.string());

export type ModelSettings = z.output<typeof model>;
export type LimitSettings = z.output<typeof limits>;
export type PriceSettings = z.output<typeof prices>;
