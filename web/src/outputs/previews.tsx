import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { artifactUrl, fetchText } from "../api/client.ts";
import type { FileView } from "../api/contract.ts";
import { formatBytes } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { dimensionsOf } from "../pictures/shown.ts";
import { readableJson, textBytes } from "./preview-kind.ts";
import { readTable } from "./table.ts";

interface Props {
  file: FileView;
}

/** An image element does not run scripts, not even those of an SVG. */
export function PicturePreview({ file }: Props) {
  const { width, height } = dimensionsOf(file) ?? {};
  return (
    <img
      src={artifactUrl(file.artifactId)}
      alt={file.name}
      width={width}
      height={height}
      className="checkerboard mt-2 h-auto max-h-[32rem] w-auto max-w-full rounded-lg object-contain"
    />
  );
}

export function TextPreview({ file }: Props) {
  const { content, notice } = useBeginning(file);
  return <Plain notice={notice}>{content}</Plain>;
}

export function JsonPreview({ file }: Props) {
  const { content, notice, isWhole } = useBeginning(file);
  return <Plain notice={notice}>{readableJson(content, isWhole)}</Plain>;
}

/** First rows and columns of a table. Falls back to plain text. */
export function TablePreview({ file }: Props) {
  const text = useText();
  const { content, notice, isWhole, isRead } = useBeginning(file);
  const isTabbed = file.mediaType.includes("tab-separated");
  const table = useMemo(
    () => (isRead ? readTable(content, { isWhole, isTabbed }) : null),
    [content, isRead, isWhole, isTabbed],
  );
  if (!table) return <Plain notice={notice}>{content}</Plain>;
  const { head, rows, hasMore } = table;
  return (
    <div className="mt-2">
      <section aria-label={file.name} className="max-h-96 overflow-auto rounded-lg bg-sunken">
        <table className="w-full border-collapse text-left text-xs tabular-nums">
          <thead className="sticky top-0 bg-sunken">
            <tr>
              {head.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other key
                <th key={column} scope="col" className="border-b border-line-strong px-3 py-2 font-semibold">
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, line) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other key
              <tr key={line} className="border-b border-line last:border-0">
                {row.map((cell, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <td key={column} className="max-w-xs truncate px-3 py-1.5" title={cell}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {(hasMore || !isWhole) && <Notice>{text.job.firstRows(rows.length)}</Notice>}
    </div>
  );
}

function Plain({ children, notice }: { children: string; notice: string | null }) {
  return (
    <>
      <pre className="mt-2 max-h-96 overflow-auto rounded-lg bg-sunken p-3.5 font-mono text-xs break-words whitespace-pre-wrap">
        {children}
      </pre>
      {notice && <Notice>{notice}</Notice>}
    </>
  );
}

function Notice({ children }: { children: string }) {
  return <p className="mt-1.5 text-xs text-faint">{children}</p>;
}

interface Beginning {
  content: string;
  notice: string | null;
  isWhole: boolean;
  isRead: boolean;
}

/** The beginning of a text. */
function useBeginning(file: FileView): Beginning {
  const text = useText();
  const locale = useLocale();
  const { data, error } = useQuery({
    queryKey: ["artifact", file.artifactId],
    queryFn: ({ signal }) => fetchText(file.artifactId, textBytes, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isWhole = file.bytes <= textBytes;
  const notice = isWhole
    ? null
    : text.job.firstBytes(formatBytes(textBytes, locale), formatBytes(file.bytes, locale));
  if (data === undefined) {
    const content = error ? error.message : text.job.reading;
    return { content, notice: null, isWhole: true, isRead: false };
  }
  return { content: data, notice, isWhole, isRead: true };
}
