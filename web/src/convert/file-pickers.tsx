import { useRef } from "react";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";

interface Props {
  mediaTypes: readonly string[];
  onFiles(files: File[], from: "files" | "folder"): void;
  compact?: boolean;
  disabled?: boolean;
}

const extensions = ".jpg,.jpeg,.png,.webp,.avif,.gif,.tif,.tiff,.svg";

/** The buttons that open the browser's own choosers, for pictures and for a whole folder. */
export function FilePickers({ mediaTypes, onFiles, compact = false, disabled }: Props) {
  const text = useText();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);

  function take(input: HTMLInputElement, from: "files" | "folder"): void {
    onFiles([...(input.files ?? [])], from);
    // The same choice again is a change again.
    input.value = "";
  }

  return (
    <>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-testid="files"
        accept={`${mediaTypes.join(",")},${extensions}`}
        onChange={(event) => take(event.currentTarget, "files")}
      />
      <input
        ref={folder}
        type="file"
        hidden
        data-testid="folder"
        {...{ webkitdirectory: "" }}
        onChange={(event) => take(event.currentTarget, "folder")}
      />
      <Button
        look={compact ? "secondary" : "primary"}
        size={compact ? "small" : "medium"}
        icon={compact ? "plus" : "images"}
        disabled={disabled}
        onClick={() => files.current?.click()}
      >
        {compact ? text.convert.addFiles : text.convert.chooseFiles}
      </Button>
      <Button
        size={compact ? "small" : "medium"}
        icon="folder"
        className={compact ? "max-sm:hidden" : undefined}
        disabled={disabled}
        onClick={() => folder.current?.click()}
      >
        {compact ? text.convert.addFolder : text.convert.chooseFolder}
      </Button>
    </>
  );
}
