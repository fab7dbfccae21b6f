import { memo, useState } from "react";
import { imageConvertLimits } from "../../../src/pipelines/image-convert/limits.ts";
import { formatBytes, formatLimit } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import type { Picked, Rejection } from "./selection.ts";
import { Thumbnail } from "./thumbnail.tsx";

interface Props {
  entry: Picked;
  previewed: boolean;
  maxFileBytes: number;
  /** Its own options in a few words. */
  ownSummary: string | null;
  onPreview(id: string): void;
  onOptions(id: string): void;
  onRemove(id: string): void;
}

const cornerButton =
  "absolute top-1.5 flex size-7 items-center justify-center rounded-full bg-black/55 text-white opacity-80 backdrop-blur-sm transition-opacity hover:bg-black/75 hover:opacity-100 focus-visible:opacity-100";

export const PickedCard = memo(function PickedCard({
  entry,
  previewed,
  maxFileBytes,
  ownSummary,
  onPreview,
  onOptions,
  onRemove,
}: Props) {
  const text = useText();
  const locale = useLocale();
  const [dimensions, setDimensions] = useState<string>();
  const { file, rejection } = entry;
  const size = formatBytes(file.size, locale);
  const words = text.convert.rejected;
  const reason = rejection && reasonOf(rejection);

  function reasonOf(why: Rejection): string {
    if (why === "size") return words.size(formatLimit(maxFileBytes, locale));
    return why === "pixels" ? words.pixels(imageConvertLimits.maxPixels / 1e6) : words[why];
  }

  return (
    <li
      className={classes(
        "group relative min-w-0 overflow-hidden rounded-xl border bg-surface transition-colors [contain-intrinsic-size:auto_200px] [content-visibility:auto]",
        rejection ? "border-bad" : previewed ? "border-accent ring-1 ring-accent" : "border-line",
      )}
    >
      <button
        type="button"
        disabled={rejection !== null}
        aria-pressed={rejection ? undefined : previewed}
        aria-label={text.convert.preview(file.name)}
        onClick={() => onPreview(entry.id)}
        className={classes("relative block aspect-4/3 w-full -outline-offset-2", rejection && "opacity-60")}
      >
        <Thumbnail entry={entry} onDimensions={(width, height) => setDimensions(`${width}×${height}`)} />
      </button>
      <div className="px-3 pt-2 pb-2.5">
        <p className="truncate text-[0.8125rem] font-medium" title={file.webkitRelativePath || file.name}>
          {file.name}
        </p>
        {reason ? (
          <p className="truncate text-xs font-medium text-bad" title={reason}>
            {reason}
          </p>
        ) : (
          <p className="truncate text-xs text-faint tabular-nums">
            {size}
            {dimensions && ` · ${dimensions}`}
          </p>
        )}
        {ownSummary !== null && (
          <p className="truncate text-xs font-medium text-accent tabular-nums" title={ownSummary}>
            {ownSummary}
          </p>
        )}
      </div>
      {rejection === null && (
        <button
          type="button"
          aria-label={text.convert.ownOptions(file.name)}
          title={text.convert.ownOptions(file.name)}
          onClick={() => onOptions(entry.id)}
          className={classes(cornerButton, "left-1.5")}
        >
          <Icon name="sliders" className="size-4" />
        </button>
      )}
      <button
        type="button"
        aria-label={text.convert.remove(file.name)}
        title={text.convert.remove(file.name)}
        onClick={() => onRemove(entry.id)}
        className={classes(cornerButton, "right-1.5")}
      >
        <Icon name="close" className="size-4" />
      </button>
    </li>
  );
});
