import { lazy, Suspense, useState } from "react";
import { artifactUrl } from "../api/client.ts";
import type { FileView } from "../api/contract.ts";
import { formatBytes } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { type PreviewKind, previewKind, thumbnailBytes } from "./preview-kind.ts";
import { JsonPreview, PicturePreview, TablePreview, TextPreview } from "./previews.tsx";

const PdfPreview = lazy(() => import("./pdf-preview.tsx"));

const previews: Record<PreviewKind, (props: { file: FileView }) => React.ReactNode> = {
  picture: PicturePreview,
  pdf: ({ file }) => <PdfPreview file={file} />,
  table: TablePreview,
  json: JsonPreview,
  text: TextPreview,
};

/** Files to download, with previews if available. */
export function OutputList({ files }: { files: readonly FileView[] }) {
  if (files.length === 0) return null;
  return (
    <ul className="mt-3 space-y-2">
      {files.map((file) => (
        <Output key={file.artifactId} file={file} />
      ))}
    </ul>
  );
}

function Output({ file }: { file: FileView }) {
  const text = useText();
  const locale = useLocale();
  const [open, setOpen] = useState(false);
  const kind = file.deleted ? null : previewKind(file);
  const Preview = kind && previews[kind];
  const hasThumbnail = kind === "picture" && file.bytes <= thumbnailBytes;
  return (
    <li className="rounded-xl border border-line px-3.5 py-2">
      <div className="flex min-h-8 items-center gap-3">
        {hasThumbnail ? (
          <img
            src={artifactUrl(file.artifactId)}
            alt=""
            loading="lazy"
            className="checkerboard size-8 shrink-0 rounded-md object-contain"
          />
        ) : (
          <Icon name="file" className="shrink-0 text-faint" />
        )}
        <a
          href={artifactUrl(file.artifactId)}
          download={file.name}
          title={file.name}
          className="min-w-0 flex-1 truncate font-medium hover:underline"
        >
          {file.name}
        </a>
        <span className="shrink-0 text-xs text-faint tabular-nums">{formatBytes(file.bytes, locale)}</span>
        {Preview && (
          <Button
            size="small"
            look="quiet"
            aria-expanded={open}
            aria-label={open ? text.job.hideNamed(file.name) : text.job.showNamed(file.name)}
            onClick={() => setOpen(!open)}
          >
            {open ? text.job.hide : text.job.show}
          </Button>
        )}
      </div>
      {Preview && open && (
        <Suspense fallback={<p className="py-3 text-sm text-faint">{text.job.reading}</p>}>
          <Preview file={file} />
        </Suspense>
      )}
    </li>
  );
}
