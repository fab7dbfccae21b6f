import type { JobItem } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { endedParts } from "./live-progress.ts";

/** Progress of an item's parts. */
export function ItemParts({ parts }: { parts: JobItem["parts"] }) {
  const text = useText();
  const { total, failed } = parts;
  const ended = endedParts(parts);
  return (
    <span className="shrink-0 text-[0.8125rem] text-soft tabular-nums">
      {ended < total ? text.job.partsOf(ended, total) : text.job.parts(total)}
      {failed > 0 && <span className="text-bad"> {text.job.partsFailed(failed)}</span>}
    </span>
  );
}
