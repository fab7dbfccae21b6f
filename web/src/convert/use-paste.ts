import { useEffect } from "react";

/** Accepts images pasted anywhere on the page. Text is pasted as usual. */
export function usePaste(onFiles: (files: File[], from: "files") => void, enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return;
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      onFiles(files, "files");
    };
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, [onFiles, enabled]);
}
