import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchText } from "../api/client.ts";
import type { FileView, Json } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Pill } from "../ui/pill.tsx";
import { isDoubtful, type ReadDocument, readDocument } from "./document-result.ts";

/** Number of pages shown at first. */
const FIRST = 20;

/** Text of a document by page, with its source. */
export function DocumentView({ document }: { document: ReadDocument }) {
  const text = useText();
  const [shown, setShown] = useState(FIRST);
  const { pages, failed } = document;
  return (
    <section aria-label={text.job.documentText} className="mt-3 space-y-2.5 text-sm">
      <ol className="divide-y divide-line rounded-xl border border-line">
        {pages.slice(0, shown).map((page) => (
          <PageText key={page.page} page={page} />
        ))}
      </ol>
      {pages.length > shown && (
        <Button size="small" onClick={() => setShown(shown + 100)}>
          {text.job.more(Math.min(100, pages.length - shown))}
        </Button>
      )}
      {failed.length > 0 && (
        <ul className="space-y-1 rounded-xl bg-bad-soft p-3 text-bad">
          {failed.map(({ page, message }) => (
            <li key={page}>
              {text.job.documentPage(page)}: {message}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function PageText({ page }: { page: ReadDocument["pages"][number] }) {
  const text = useText();
  const { text: content, source, confidence } = page;
  return (
    <li className="p-3.5">
      <div className="flex min-h-8 flex-wrap items-center gap-2.5">
        <h3 className="font-medium">{text.job.documentPage(page.page)}</h3>
        <Pill tone={isDoubtful(page) ? "warn" : "plain"}>
          {source === "ocr" ? text.job.documentOcr(Math.round(confidence * 100)) : text.job.documentEmbedded}
        </Pill>
        <span className="ml-auto">{content !== "" && <CopyButton value={content} small />}</span>
      </div>
      {content === "" ? (
        <p className="text-faint">{text.job.documentBlank}</p>
      ) : (
        <p className="mt-1 max-h-72 overflow-y-auto break-words whitespace-pre-wrap">{content}</p>
      )}
    </li>
  );
}

/** A result stored as a file, loaded when the user opens it. */
export function DocumentFile({ file }: { file: FileView }) {
  const text = useText();
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-3 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-soft">{text.job.documentText}</summary>
      {open && <LoadedFile file={file} />}
    </details>
  );
}

function LoadedFile({ file }: { file: FileView }) {
  const text = useText();
  const { data } = useQuery({
    queryKey: ["document", file.artifactId],
    queryFn: async ({ signal }) =>
      readDocument(JSON.parse(await fetchText(file.artifactId, file.bytes, signal)) as Json),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (data === undefined) return <p className="py-3 text-faint">{text.job.reading}</p>;
  return data && <DocumentView document={data} />;
}
