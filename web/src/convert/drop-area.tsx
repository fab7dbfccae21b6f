import type { Accepts } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { FilePickers } from "./file-pickers.tsx";
import { SamplesButton } from "./samples-button.tsx";

interface Props {
  accepts: Accepts;
  dragging: boolean;
  onFiles(files: File[], from: "files" | "folder"): void;
}

/** What the page shows before anything is chosen. */
export function DropArea({ accepts, dragging, onFiles }: Props) {
  const text = useText();
  return (
    <div
      className={classes(
        "flex min-h-[22rem] flex-col items-center justify-center rounded-2xl border-2 border-dashed px-6 py-12 text-center transition-colors lg:min-h-[38rem]",
        dragging ? "border-accent bg-accent-soft" : "border-line-strong bg-surface",
      )}
    >
      <span
        className={classes(
          "mb-5 flex size-16 items-center justify-center rounded-2xl text-3xl transition-[background-color,color,transform] duration-200",
          dragging ? "scale-110 bg-accent text-on-accent" : "bg-accent-soft text-accent",
        )}
      >
        <Icon name="upload" />
      </span>
      <p className="text-lg font-semibold">{dragging ? text.convert.dropNow : text.convert.dropTitle}</p>
      <p className="mt-1 text-sm text-soft">{text.convert.dropHint}</p>
      <div className="mt-7 flex flex-wrap justify-center gap-2.5">
        <FilePickers mediaTypes={accepts.mediaTypes} onFiles={onFiles} />
      </div>
      <div className="mt-3">
        <SamplesButton onFiles={(files) => onFiles(files, "files")} />
      </div>
    </div>
  );
}
