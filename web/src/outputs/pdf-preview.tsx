import type { PDFDocumentProxy } from "pdfjs-dist";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { client } from "../api/client.ts";
import type { FileView } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { openPdf } from "./open-pdf.ts";

/** Number of pages shown at first. */
const firstPages = 3;
const morePages = 10;

interface Props {
  file: FileView;
  /** Overlay for a page, positioned in fractions of its size. */
  overlay?: (page: number) => ReactNode;
}

/** Pages of a PDF as images, without scripts, links or forms. */
export default function PdfPreview({ file, overlay }: Props) {
  const text = useText();
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null);
  const [failed, setFailed] = useState(false);
  const [shown, setShown] = useState(firstPages);

  useEffect(() => {
    const gone = new AbortController();
    const opened = client
      .artifact(file.artifactId, { signal: gone.signal })
      .then((answer) => answer.arrayBuffer())
      .then((bytes) => openPdf(new Uint8Array(bytes)));
    opened.then(
      (document) => !gone.signal.aborted && setPdf(document),
      () => !gone.signal.aborted && setFailed(true),
    );
    return () => {
      gone.abort();
      void opened.then(
        (document) => document.loadingTask.destroy(),
        () => {},
      );
    };
  }, [file.artifactId]);

  if (failed) return <p className="py-3 text-sm text-faint">{text.job.cannotShow}</p>;
  if (!pdf) return <p className="py-3 text-sm text-faint">{text.job.reading}</p>;
  const pages = Math.min(shown, pdf.numPages);
  return (
    <div className="mt-2 max-h-[40rem] space-y-3 overflow-auto rounded-lg bg-sunken p-3">
      {Array.from({ length: pages }, (_, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pages are identified by their number
        <div key={n} className="relative">
          <PdfPage pdf={pdf} number={n + 1} />
          {overlay?.(n + 1)}
        </div>
      ))}
      {pages < pdf.numPages && (
        <Button size="small" onClick={() => setShown(shown + morePages)}>
          {text.job.more(Math.min(morePages, pdf.numPages - pages))}
        </Button>
      )}
    </div>
  );
}

function PdfPage({ pdf, number }: { pdf: PDFDocumentProxy; number: number }) {
  const text = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let task: { cancel(): void } | undefined;
    let wanted = true;
    const draw = async () => {
      const page = await pdf.getPage(number);
      const target = canvas.current;
      if (!wanted || !target) return;
      const width = target.parentElement?.clientWidth ?? 600;
      const plain = page.getViewport({ scale: 1 });
      const scale = Math.min(
        (width * devicePixelRatio) / plain.width,
        mostPixels / plain.width,
        mostPixels / plain.height,
      );
      const viewport = page.getViewport({ scale });
      target.width = Math.floor(viewport.width);
      target.height = Math.floor(viewport.height);
      const rendering = page.render({ canvas: target, viewport });
      task = rendering;
      await rendering.promise;
    };
    // A page that cannot be drawn stays blank.
    draw().catch(() => {});
    return () => {
      wanted = false;
      task?.cancel();
    };
  }, [pdf, number]);
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={text.job.pageOf(number, pdf.numPages)}
      className="block h-auto w-full rounded bg-white shadow-sm"
    />
  );
}

/** Maximum side of a rendered page in pixels, because phones have little memory. */
const mostPixels = 2_400;
