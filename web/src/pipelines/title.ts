import type { Dictionary } from "../i18n/en.ts";

/** Title of a pipeline, translated if possible. */
export function pipelineTitle(text: Dictionary, name: string, own: string | undefined): string {
  return text.pipelines.titles[name] ?? own ?? name;
}
