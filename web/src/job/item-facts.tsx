import type { JobItem } from "../api/contract.ts";
import { formatBytes, formatDimensions, savedPercent } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { dimensionsOf } from "../pictures/shown.ts";

/** Sizes before and after, and what was saved. */
export function ItemFacts({ item }: { item: JobItem }) {
  const text = useText();
  const locale = useLocale();
  const before = item.input?.bytes;
  const after = item.outputs.length > 0 ? item.outputs.reduce((sum, file) => sum + file.bytes, 0) : undefined;
  const size = dimensionsOf(item.outputs[0]);
  const saved = before !== undefined && after !== undefined ? savedPercent(before, after) : null;
  const pictures = item.outputs[0]?.mediaType.startsWith("image/") ?? false;
  return (
    <p className="flex min-h-6 flex-wrap items-center gap-x-2.5 text-[0.8125rem] text-soft tabular-nums">
      <span>
        {before !== undefined && formatBytes(before, locale)}
        {before !== undefined && after !== undefined && " → "}
        {after !== undefined && <span className="text-ink">{formatBytes(after, locale)}</span>}
      </span>
      {pictures && saved !== null && (
        <span className={saved > 0 ? "font-medium text-good" : saved < 0 ? "text-warn" : ""}>
          {saved > 0
            ? text.job.saved(`${saved}%`)
            : saved < 0
              ? text.job.larger(`${-saved}%`)
              : text.job.same}
        </span>
      )}
      {size && <span className="text-faint">{formatDimensions(size.width, size.height)}</span>}
      {pictures && item.outputs.length === 1 && (
        <span className="hidden text-faint uppercase sm:inline">
          {item.outputs[0]?.mediaType.replace(/^image\//, "").replace("+xml", "")}
        </span>
      )}
    </p>
  );
}
