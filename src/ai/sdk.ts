import type { EmbeddingModel, ImageModel, LanguageModel } from "ai";
import type { ModelSettings } from "./settings.ts";

/** Loads the AI SDK on first use, because it is slow to load and many processes never call a model. */
export function loadSdk() {
  return import("ai");
}

export interface SdkModels {
  language(): LanguageModel;
  embedding(): EmbeddingModel;
  picture(): ImageModel;
}

/** Always returns provider objects, because a plain model name would go to the SDK's own gateway. */
export async function sdkModels(settings: ModelSettings): Promise<SdkModels> {
  const { provider, url: baseURL, key, model, schemas } = settings;
  if (provider === "gemini") {
    const { createGoogle } = await import("@ai-sdk/google");
    const google = createGoogle({ baseURL, apiKey: key ?? "none" });
    return {
      language: () => google(model),
      embedding: () => google.embeddingModel(model),
      picture: () => google.image(model),
    };
  }
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const openai = createOpenAICompatible({
    name: labelOf(settings),
    baseURL,
    ...(key !== undefined && { apiKey: key }),
    // The first enables JSON schemas, the second makes streams report usage.
    supportsStructuredOutputs: schemas,
    includeUsage: true,
  });
  return {
    language: () => openai(model),
    embedding: () => openai.embeddingModel(model),
    picture: () => openai.imageModel(model),
  };
}

/** The provider's name in answers. */
export function labelOf({ label, url }: Pick<ModelSettings, "label" | "url">): string {
  return label ?? new URL(url).hostname;
}
