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

/** Buttons that open the browser's file pickers: for images, for a folder, and on phones for the camera. */
export function FilePickers({ mediaTypes, onFiles, compact = false, disabled }: Props) {
  const text = useText();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);

  function take(input: HTMLInputElement, from: "files" | "folder"): void {
    onFiles([...(input.files ?? [])], from);
    // Makes choosing the same files again fire a change event.
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
      <input
        ref={camera}
        type="file"
        hidden
        data-testid="camera"
        accept="image/*"
        capture="environment"
        onChange={(event) => take(event.currentTarget, "files")}
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
        className="pointer-coarse:hidden"
        disabled={disabled}
        onClick={() => folder.current?.click()}
      >
        {compact ? text.convert.addFolder : text.convert.chooseFolder}
      </Button>
      <Button
        size={compact ? "small" : "medium"}
        icon="camera"
        className="pointer-fine:hidden"
        disabled={disabled}
        onClick={() => camera.current?.click()}
      >
        {text.convert.takePhoto}
      </Button>
    </>
  );
}
