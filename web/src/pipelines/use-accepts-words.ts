import type { Accepts } from "../api/contract.ts";
import { formatBytes } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";

/** What files a pipeline takes, in a line. */
export function useAcceptsWords(accepts: Accepts): string {
  const text = useText();
  const locale = useLocale();
  if (accepts.maxFiles === 0) return text.pipelines.noFiles;
  const types = accepts.mediaTypes.includes("*")
    ? text.pipelines.anyType
    : accepts.mediaTypes.map(shortType).join(", ");
  return `${text.pipelines.takesFiles(accepts.maxFiles, formatBytes(accepts.maxFileBytes, locale))} · ${types}`;
}

function shortType(mediaType: string): string {
  const [kind = "", name = ""] = mediaType.split("/");
  if (name === "*") return kind;
  return name === "plain" ? "text" : name.replace(/\+xml$/, "").toUpperCase();
}
