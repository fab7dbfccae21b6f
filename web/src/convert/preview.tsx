import { useEffect, useRef, useState } from "react";
import { formatBytes, formatDimensions, savedPercent } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Icon } from "../ui/icons.tsx";
import type { FormState } from "./options.ts";
import {
  drawResult,
  guessBytes,
  loadPreviewSource,
  type PreviewSource,
  resultSize,
} from "./preview-rendering.ts";
import type { Picked } from "./selection.ts";
import { useMark } from "./use-mark.ts";

/** The result of the present options on one picture, drawn by the browser: nothing is uploaded for it. */
export function Preview({ entry, form }: { entry: Picked | undefined; form: FormState }) {
  const text = useText();
  const source = usePreviewSource(entry);
  const mark = useMark(form);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [bytes, setBytes] = useState<number | null>(null);

  useEffect(() => {
    if (canvas.current && source) drawResult(canvas.current, source, form, mark);
  }, [source, form, mark]);

  useEffect(() => {
    if (!source) {
      setBytes(null);
      return;
    }
    let shown = true;
    const timer = setTimeout(() => {
      void guessBytes(source, form, mark).then((guess) => shown && setBytes(guess));
    }, 250);
    return () => {
      shown = false;
      clearTimeout(timer);
    };
  }, [source, form, mark]);

  return (
    <figure aria-label={text.preview.title} className="card min-w-0 p-3 sm:p-4">
      <div className="flex h-[clamp(13rem,32dvh,25rem)] sm:h-[clamp(13rem,40dvh,25rem)] items-center justify-center overflow-hidden rounded-xl bg-sunken">
        {source ? (
          <canvas
            ref={canvas}
            role="img"
            aria-label={text.preview.alt(entry?.file.name ?? "")}
            className="checkerboard max-h-full max-w-full object-contain"
          />
        ) : (
          <p className="flex max-w-64 flex-col items-center gap-2 text-center text-[0.8125rem] text-faint">
            <Icon name="images" className="size-7" />
            {source === null || !entry ? text.preview.unavailable : text.preview.loading}
          </p>
        )}
      </div>
      <figcaption className="mt-3 flex min-h-10 flex-wrap items-center justify-between gap-x-6 px-1 text-[0.8125rem] leading-5 text-soft tabular-nums sm:min-h-5">
        {source && <Caption source={source} form={form} bytes={bytes} />}
      </figcaption>
    </figure>
  );
}

function Caption({ source, form, bytes }: { source: PreviewSource; form: FormState; bytes: number | null }) {
  const text = useText();
  const locale = useLocale();
  const size = resultSize(source, form);
  const same = size.width === source.width && size.height === source.height;
  const saved = bytes === null ? null : savedPercent(source.bytes, bytes);
  return (
    <>
      <span className="truncate">
        {formatDimensions(source.width, source.height)}
        {same ? ` · ${text.preview.unchanged}` : ` → ${formatDimensions(size.width, size.height)}`}
      </span>
      <span className="truncate">
        {formatBytes(source.bytes, locale)}
        {" → "}
        {bytes === null ? text.preview.sizeLater : text.preview.about(formatBytes(bytes, locale))}
        {saved !== null && saved !== 0 && (
          <span className={saved > 0 ? "font-medium text-good" : "text-warn"}>
            {" · "}
            {saved > 0 ? text.preview.saved(`${saved}%`) : text.preview.grown(`${-saved}%`)}
          </span>
        )}
      </span>
    </>
  );
}

/** `undefined` while it loads, `null` when the browser cannot show it. */
function usePreviewSource(entry: Picked | undefined): PreviewSource | null | undefined {
  const [loaded, setLoaded] = useState<{ id: string; source: PreviewSource | null }>();
  useEffect(() => {
    if (!entry) return;
    let wanted = true;
    void loadPreviewSource(entry.file, entry.mediaType).then(
      (source) => wanted && setLoaded({ id: entry.id, source }),
    );
    return () => {
      wanted = false;
    };
  }, [entry]);
  // The picture before stays until the next is there, so that the preview does not flicker.
  if (!entry) return undefined;
  return loaded?.source === null && loaded.id !== entry.id ? undefined : loaded?.source;
}
