import { useEffect, useState } from "react";
import { useText } from "../i18n/locale.ts";
import { announce } from "./announce.tsx";
import { Button, IconButton } from "./button.tsx";

export function CopyButton({ value, small = false }: { value: string; small?: boolean }) {
  const text = useText();
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy(): Promise<void> {
    await writeClipboard(value);
    setCopied(true);
    announce(text.common.copied);
  }

  if (small) {
    return (
      <IconButton
        icon={copied ? "check" : "copy"}
        label={copied ? text.common.copied : text.common.copy}
        onClick={() => void copy()}
      />
    );
  }
  return (
    <Button size="small" icon={copied ? "check" : "copy"} onClick={() => void copy()}>
      {copied ? text.common.copied : text.common.copy}
    </Button>
  );
}

/** `navigator.clipboard` needs a secure context. A hidden field works everywhere. */
async function writeClipboard(value: string): Promise<void> {
  if (navigator.clipboard) {
    try {
      return await navigator.clipboard.writeText(value);
    } catch {
      // Not permitted, but the old way may be.
    }
  }
  const field = document.createElement("textarea");
  field.value = value;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
