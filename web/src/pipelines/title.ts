import type { Dictionary } from "../i18n/en.ts";

/** The title of a pipeline in the reader's language, as far as there is one. */
export function pipelineTitle(text: Dictionary, name: string, own: string | undefined): string {
  return text.pipelines.titles[name] ?? own ?? name;
}
