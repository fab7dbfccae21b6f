import type { Accepts } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { classes } from "../ui/classes.ts";
import { FilePickers } from "./file-pickers.tsx";
import { SamplesButton } from "./samples-button.tsx";

interface Props {
  accepts: Accepts;
  dragging: boolean;
  onFiles(files: File[], from: "files" | "folder"): void;
}

/** Ways to choose files. On touch screens, which have no drop and no folders, the camera instead. */
export function DropArea({ accepts, dragging, onFiles }: Props) {
  const text = useText();
  return (
    <section
      aria-label={text.convert.files}
      className={classes(
        "flex flex-col items-center rounded-2xl px-5 py-6 text-center transition-colors pointer-fine:border-2 pointer-fine:border-dashed",
        dragging ? "border-accent bg-accent-soft" : "border-line-strong bg-surface pointer-coarse:card",
      )}
    >
      <p className="text-lg font-bold pointer-coarse:hidden">
        {dragging ? text.convert.dropNow : text.convert.dropTitle}
      </p>
      <p className="mt-1 text-sm text-soft">
        {text.convert.dropHint}
        <span className="pointer-coarse:hidden"> · {text.convert.pasteHint}</span>
      </p>
      <div className="mt-5 flex flex-wrap justify-center gap-2.5">
        <FilePickers mediaTypes={accepts.mediaTypes} onFiles={onFiles} />
        <SamplesButton onFiles={(files) => onFiles(files, "files")} />
      </div>
    </section>
  );
}
