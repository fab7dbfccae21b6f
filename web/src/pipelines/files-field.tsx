import { useCallback, useRef } from "react";
import type { Accepts } from "../api/contract.ts";
import { usePageDrop } from "../convert/use-page-drop.ts";
import { formatBytes } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { useAcceptsWords } from "./use-accepts-words.ts";

interface Props {
  accepts: Accepts;
  files: readonly File[];
  error: string | null;
  onChange(files: File[]): void;
}

/** File field for any pipeline. */
export function FilesField({ accepts, files, error, onChange }: Props) {
  const text = useText();
  const locale = useLocale();
  const input = useRef<HTMLInputElement>(null);
  const words = useAcceptsWords(accepts);
  const add = (more: File[]) => onChange([...files, ...more]);
  const dragging = usePageDrop(
    useCallback(
      (dropped) => onChange([...files, ...dropped.files, ...dropped.folderFiles]),
      [files, onChange],
    ),
    true,
  );
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">{text.pipelines.files}</legend>
      <div
        className={classes(
          "rounded-xl border-2 border-dashed p-5 transition-colors",
          dragging ? "border-accent bg-accent-soft" : error ? "border-bad" : "border-line-strong",
        )}
      >
        <div className="flex flex-wrap items-center gap-3">
          <input
            ref={input}
            type="file"
            multiple={accepts.maxFiles > 1}
            hidden
            data-testid="files"
            accept={accepts.mediaTypes.includes("*") ? undefined : accepts.mediaTypes.join(",")}
            onChange={(event) => {
              add([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
          <Button icon="file" onClick={() => input.current?.click()}>
            {text.pipelines.chooseFiles}
          </Button>
          <span className="text-sm text-soft">{text.pipelines.dropHint}</span>
        </div>
        {files.length > 0 && (
          <ul className="mt-4 max-h-64 space-y-1 overflow-y-auto">
            {files.map((file, index) => (
              <li
                key={`${file.name} ${file.size} ${file.lastModified}`}
                className="flex items-center gap-2.5 text-sm"
              >
                <Icon name="file" className="shrink-0 text-faint" />
                <span className="min-w-0 flex-1 truncate">{file.name}</span>
                <span className="text-xs text-faint tabular-nums">{formatBytes(file.size, locale)}</span>
                <IconButton
                  icon="close"
                  label={text.pipelines.removeFile(file.name)}
                  onClick={() => onChange(files.filter((_, at) => at !== index))}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
      <p className="mt-1.5 text-xs text-faint">{words}</p>
      {error && (
        <p role="alert" className="mt-1.5 text-xs font-medium text-bad">
          {error}
        </p>
      )}
    </fieldset>
  );
}
