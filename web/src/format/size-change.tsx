import { useText } from "../i18n/locale.ts";
import { sizeChange } from "./format.ts";

/** How much smaller or larger a file became. Shows nothing if there is nothing to compare. */
export function SizeChange({ before, after }: { before: number; after: number }) {
  const text = useText().job;
  const change = sizeChange(before, after);
  if (!change) return null;
  switch (change.kind) {
    case "same":
      return <span>{text.same}</span>;
    case "smaller":
      return <span className="font-medium text-good">{text.saved(`${change.percent}%`)}</span>;
    case "larger":
      return <span className="text-warn">{text.larger(`${change.percent}%`)}</span>;
    case "times":
      return <span className="text-warn">{text.times(change.times)}</span>;
  }
}
