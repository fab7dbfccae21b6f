import type { Accepts } from "../api/contract.ts";
import { typeName } from "../format/file-types.ts";
import { formatLimit } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";

/** One line about the files that a pipeline accepts. */
export function useAcceptsWords(accepts: Accepts): string {
  const text = useText();
  const locale = useLocale();
  if (accepts.maxFiles === 0) return text.pipelines.noFiles;
  const types = accepts.mediaTypes.includes("*")
    ? text.pipelines.anyType
    : [...new Set(accepts.mediaTypes.map(typeName))].join(", ");
  return `${text.pipelines.takesFiles(accepts.maxFiles, formatLimit(accepts.maxFileBytes, locale))} · ${types}`;
}
