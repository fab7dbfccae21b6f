import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { artifactUrl, fetchText } from "../api/client.ts";
import type { FileView } from "../api/contract.ts";
import { formatBytes } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";

/** Files that are no pictures, and pictures when there are several of them. */
export function ItemOutputs({ outputs }: { outputs: readonly FileView[] }) {
  if (outputs.length === 0 || (outputs.length === 1 && outputs[0]?.mediaType.startsWith("image/")))
    return null;
  return (
    <ul className="mt-3 space-y-2">
      {outputs.map((file) => (
        <Output key={file.artifactId} file={file} />
      ))}
    </ul>
  );
}

function Output({ file }: { file: FileView }) {
  const text = useText();
  const locale = useLocale();
  const [open, setOpen] = useState(false);
  const readable = /^text\/|json|xml$/.test(file.mediaType) && !file.mediaType.startsWith("image/");
  return (
    <li className="rounded-xl border border-line px-3.5 py-2">
      <div className="flex items-center gap-3">
        <Icon name="file" className="shrink-0 text-faint" />
        <a
          href={artifactUrl(file.artifactId)}
          download={file.name}
          className="min-w-0 flex-1 truncate font-medium hover:underline"
        >
          {file.name}
        </a>
        <span className="shrink-0 text-xs text-faint tabular-nums">{formatBytes(file.bytes, locale)}</span>
        {readable && (
          <Button size="small" look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? text.job.hideText : text.job.showText}
          </Button>
        )}
      </div>
      {open && <TextOf file={file} />}
    </li>
  );
}

function TextOf({ file }: { file: FileView }) {
  const text = useText();
  const content = useQuery({
    queryKey: ["artifact", file.artifactId],
    queryFn: ({ signal }) => fetchText(file.artifactId, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <pre className="mt-2 max-h-80 overflow-auto rounded-lg bg-sunken p-3.5 font-mono text-xs whitespace-pre-wrap">
      {content.data ?? (content.error ? content.error.message : text.job.reading)}
    </pre>
  );
}
