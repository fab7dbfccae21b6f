import { useCallback, useState } from "react";
import type { Accepts } from "../api/contract.ts";
import { formatBytes } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { releaseThumbnail } from "../pictures/thumbnails.ts";
import { useStore } from "../store/store.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { FilePickers } from "./file-pickers.tsx";
import { formStore } from "./form-store.ts";
import { ownSummary } from "./own-options.ts";
import { LazyOwnOptions } from "./own-options-button.tsx";
import { PickedCard } from "./picked-card.tsx";
import {
  choosePreview,
  type Picked,
  removePicked,
  type Selection,
  selection,
  setOwn,
  totalBytes,
} from "./selection.ts";
import { Warning } from "./warning.tsx";

interface Props {
  chosen: Selection;
  accepts: Accepts;
  dragging: boolean;
  locked: boolean;
  onFiles(files: File[], from: "files" | "folder"): void;
}

export function PickedFiles({ chosen, accepts, dragging, locked, onFiles }: Props) {
  const text = useText();
  const locale = useLocale();
  const { picked } = chosen;
  const form = useStore(formStore);
  const [changing, setChanging] = useState<string | null>(null);
  const changed = picked.find((entry) => entry.id === changing);
  const bad = picked.filter((entry) => entry.rejection);
  const rejected = bad.length;
  // Show files that need a decision first.
  const shown = [...bad, ...picked.filter((entry) => !entry.rejection)];
  const fits = picked.length <= accepts.maxFiles;

  const remove = useCallback(
    (match: (entry: Picked, index: number) => boolean) => {
      const gone = selection.get().picked.filter(match);
      for (const { file } of gone) releaseThumbnail(file);
      removePicked(match);
      if (gone[0]) announce(text.convert.removed(gone.map(({ file }) => file.name).join(", ")));
    },
    [text],
  );
  const changeOptions = useCallback((id: string) => {
    choosePreview(id);
    setChanging(id);
  }, []);
  const removeOne = useCallback((id: string) => remove((entry) => entry.id === id), [remove]);

  return (
    <section
      aria-label={text.convert.files}
      className={classes(
        "rounded-2xl border border-dashed p-4 transition-colors sm:p-5 pointer-fine:border-2",
        dragging ? "border-accent bg-accent-soft" : "border-line bg-surface/60",
      )}
    >
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <p className="mr-auto py-1 text-sm font-semibold tabular-nums">
          {dragging
            ? text.convert.dropNow
            : text.convert.chosen(picked.length, formatBytes(totalBytes(picked), locale))}
        </p>
        {!locked && (
          <>
            <FilePickers compact mediaTypes={accepts.mediaTypes} onFiles={onFiles} />
            <Button size="small" look="quiet" icon="trash" onClick={() => remove(() => true)}>
              <span className="max-sm:sr-only">{text.convert.clear}</span>
            </Button>
          </>
        )}
      </div>

      {(rejected > 0 || !fits || chosen.leftOut > 0) && (
        <div className="mb-4 space-y-2">
          {rejected > 0 && (
            <Warning
              message={text.convert.cannot(rejected)}
              action={text.convert.removeThose(rejected)}
              onAction={() => remove((entry) => entry.rejection !== null)}
            />
          )}
          {!fits && (
            <Warning
              message={text.convert.tooMany(picked.length, accepts.maxFiles)}
              action={text.convert.keepFirst(accepts.maxFiles)}
              onAction={() => remove((_, index) => index >= accepts.maxFiles)}
            />
          )}
          {chosen.leftOut > 0 && <p className="text-xs text-faint">{text.convert.leftOut(chosen.leftOut)}</p>}
        </div>
      )}

      <ul
        className={classes(
          "grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-4",
          locked && "pointer-events-none opacity-70",
        )}
      >
        {shown.map((entry) => (
          <PickedCard
            key={entry.id}
            entry={entry}
            previewed={entry.id === chosen.previewId}
            maxFileBytes={accepts.maxFileBytes}
            ownSummary={ownSummary(form, entry.own)}
            onPreview={choosePreview}
            onOptions={changeOptions}
            onRemove={removeOne}
          />
        ))}
      </ul>
      {changed && (
        <LazyOwnOptions
          name={changed.file.name}
          own={changed.own}
          onChange={(own) => setOwn(changed.id, own)}
          onClose={() => setChanging(null)}
        />
      )}
    </section>
  );
}
