import type { JobItem } from "../api/contract.ts";
import { typeName } from "../format/file-types.ts";
import { formatBytes, formatDimensions } from "../format/format.ts";
import { optionsSummary } from "../format/options-summary.ts";
import { SizeChange } from "../format/size-change.tsx";
import { useLocale } from "../i18n/locale.ts";
import { dimensionsOf } from "../pictures/shown.ts";
import { readDerived } from "./derived-result.ts";

/** Sizes before and after, and the difference. */
export function ItemFacts({ item }: { item: JobItem }) {
  const locale = useLocale();
  const before = item.input?.bytes;
  const after = item.outputs.length > 0 ? item.outputs.reduce((sum, file) => sum + file.bytes, 0) : undefined;
  const size = dimensionsOf(item.outputs[0]);
  const pictures = item.outputs[0]?.mediaType.startsWith("image/") ?? false;
  // Sizes of derived images cannot be compared with their original.
  const isDerived = readDerived(item.result) !== null;
  return (
    <p className="flex min-h-6 flex-wrap items-center gap-x-2.5 text-[0.8125rem] text-soft tabular-nums">
      <span>
        {before !== undefined && formatBytes(before, locale)}
        {before !== undefined && after !== undefined && " → "}
        {after !== undefined && <span className="text-ink">{formatBytes(after, locale)}</span>}
      </span>
      {pictures && !isDerived && before !== undefined && after !== undefined && (
        <SizeChange before={before} after={after} />
      )}
      {size && <span className="text-faint">{formatDimensions(size.width, size.height)}</span>}
      {pictures && item.outputs.length === 1 && (
        <span className="hidden text-faint sm:inline">{typeName(item.outputs[0]?.mediaType ?? "")}</span>
      )}
      {item.options !== null && <span className="text-faint">{optionsSummary(item.options)}</span>}
    </p>
  );
}
