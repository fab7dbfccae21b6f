import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { DeadLetter } from "../../../src/client/index.ts";
import { formatBytes } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { linkLook } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { deadLetterQuery, inputUrl } from "./api.ts";

/** Formats that every browser shows in an image element, and that cannot run scripts. */
const shown = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/bmp"]);
const mostBytes = 5_000_000;

/** A thumbnail of the step's input, if it is an image. */
export function InputThumbnail({ letter: { input, taskId } }: { letter: DeadLetter }) {
  const [broken, setBroken] = useState(false);
  const [file] = input.files;
  const isPicture = file && shown.has(file.mediaType) && file.bytes <= mostBytes && !broken;
  return (
    <span className="grid size-12 shrink-0 place-items-center overflow-hidden rounded-lg border border-line bg-sunken text-faint">
      {isPicture ? (
        <img
          src={inputUrl(taskId)}
          alt=""
          loading="lazy"
          decoding="async"
          className="size-full object-cover"
          onError={() => setBroken(true)}
        />
      ) : (
        <Icon name={file?.mediaType.startsWith("image/") ? "images" : "file"} className="size-5" />
      )}
    </span>
  );
}

/** The input as text: its file, its URL or the beginning of its data. */
export function InputPreview({ letter }: { letter: DeadLetter }) {
  const text = useConsoleText().dead;
  const locale = useLocale();
  const [open, setOpen] = useState(false);
  const { input, taskId } = letter;
  const [file] = input.files;
  const isText = file !== undefined && !file.mediaType.startsWith("image/");
  const one = useQuery({ ...deadLetterQuery(taskId), enabled: open && isText });
  const preview = input.data ?? one.data?.input.text ?? null;
  if (!file && !input.url && input.data === null) return <p className="text-xs text-faint">{text.noInput}</p>;
  return (
    <div className="text-xs text-soft">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="text-faint">{text.input}</span>
        {file && (
          <a href={inputUrl(taskId, { download: true })} download className={`${linkLook} break-all`}>
            {file.name || file.mediaType}
          </a>
        )}
        {file && (
          <span className="text-faint tabular-nums">
            {file.mediaType} · {formatBytes(file.bytes, locale)}
          </span>
        )}
        {input.files.length > 1 && <span>{text.moreFiles(input.files.length - 1)}</span>}
        {input.url && <span className="break-all">{input.url}</span>}
      </p>
      {(input.data !== null || isText) && (
        <details className="mt-1" onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary className="font-medium">{text.preview}</summary>
          <pre className="mt-1.5 max-h-60 overflow-auto rounded-lg bg-sunken p-3 font-mono break-all whitespace-pre-wrap">
            {preview ?? (one.isPending ? "…" : text.noPreview)}
          </pre>
        </details>
      )}
    </div>
  );
}
