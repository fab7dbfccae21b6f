import { useEffect, useRef, useState } from "react";
import { CompareView } from "../compare/compare-view.tsx";
import { formatBytes, formatDimensions } from "../format/format.ts";
import { SizeChange } from "../format/size-change.tsx";
import { useLocale, useText } from "../i18n/locale.ts";
import { Icon } from "../ui/icons.tsx";
import { guessResult, type ResultGuess } from "./guess.ts";
import type { FormState } from "./options.ts";
import {
  drawInto,
  drawResult,
  loadPreviewSource,
  type PreviewSource,
  resultSize,
} from "./preview-rendering.ts";
import type { Picked } from "./selection.ts";
import { useMark } from "./use-mark.ts";
import type { Mark } from "./watermark-drawing.ts";

interface Props {
  entry: Pick<Picked, "id" | "file" | "mediaType"> | undefined;
  form: FormState;
  /** Shows a sample: sweeps the divider, and says in the caption that it is a sample. */
  sample?: boolean;
}

/** An image next to its result, rendered by the browser with the current options. Nothing is uploaded. */
export function Preview({ entry, form, sample = false }: Props) {
  const text = useText();
  const source = usePreviewSource(entry);
  const mark = useMark(form);
  const guess = useGuess(source ?? null, form, mark);
  return (
    <figure aria-label={text.preview.title} className="card min-w-0 p-2 sm:p-4">
      <div className="h-[clamp(11rem,27dvh,25rem)] overflow-hidden rounded-xl bg-sunken lg:h-[clamp(15rem,44dvh,30rem)]">
        {source ? (
          <Result {...{ source, form, mark, sample }} guess={guess} name={entry?.file.name ?? ""} />
        ) : (
          <p className="mx-auto flex h-full max-w-64 flex-col items-center justify-center gap-2 text-center text-[0.8125rem] text-faint">
            <Icon name="images" className="size-7" />
            {source === null || !(entry || sample) ? text.preview.unavailable : text.preview.loading}
          </p>
        )}
      </div>
      <figcaption className="mt-2 flex min-h-10 flex-wrap items-center justify-between gap-x-6 px-1 text-[0.8125rem] leading-5 text-soft tabular-nums sm:mt-3 sm:min-h-5">
        {source && <Caption {...{ source, form, sample, guess }} />}
      </figcaption>
    </figure>
  );
}

interface ResultProps {
  source: PreviewSource;
  form: FormState;
  mark: Mark | null;
  guess: ResultGuess | null;
  sample: boolean;
  name: string;
}

function Result({ source, form, mark, guess, sample, name }: ResultProps) {
  const text = useText();
  const before = useRef<HTMLCanvasElement>(null);
  const after = useRef<HTMLCanvasElement>(null);
  const size = resultSize(source, form);
  const isSameRatio = Math.abs(size.width / size.height / (source.width / source.height) - 1) < 0.02;
  // Once the browser has encoded the result, show that, including losses. Until then, show it without losses.
  const encoded = guess?.source === source && guess.form === form && guess.mark === mark ? guess.image : null;

  useEffect(() => {
    if (before.current && isSameRatio) drawInto(before.current, source.image);
  }, [source, isSameRatio]);

  useEffect(() => {
    if (!after.current) return;
    if (encoded) drawInto(after.current, encoded);
    else drawResult(after.current, source, form, mark);
  }, [source, form, mark, encoded]);

  return (
    <CompareView
      before={isSameRatio ? <canvas ref={before} role="img" aria-label={text.job.before} /> : null}
      after={<canvas ref={after} role="img" aria-label={text.preview.alt(name)} />}
      ratio={size.width / size.height}
      sweep={sample}
    />
  );
}

interface CaptionProps {
  source: PreviewSource;
  form: FormState;
  sample: boolean;
  guess: ResultGuess | null;
}

function Caption({ source, form, sample, guess }: CaptionProps) {
  const text = useText();
  const locale = useLocale();
  const size = resultSize(source, form);
  const same = size.width === source.width && size.height === source.height;
  const bytes = guess?.bytes ?? null;
  return (
    <>
      <span className="truncate">
        {sample && <span className="text-faint">{text.preview.sample} · </span>}
        {formatDimensions(source.width, source.height)}
        {same ? ` · ${text.preview.unchanged}` : ` → ${formatDimensions(size.width, size.height)}`}
      </span>
      <span className="truncate">
        {formatBytes(source.bytes, locale)}
        {" → "}
        {bytes === null
          ? text.preview.sizeLater
          : text.preview[guess?.isRough ? "roughly" : "about"](formatBytes(bytes, locale))}
        {bytes !== null && (
          <>
            {" · "}
            <SizeChange before={source.bytes} after={bytes} />
          </>
        )}
      </span>
    </>
  );
}

/** Keeps the previous estimate until the next one is ready. */
function useGuess(source: PreviewSource | null, form: FormState, mark: Mark | null): ResultGuess | null {
  const [guess, setGuess] = useState<ResultGuess | null>(null);
  useEffect(() => {
    if (!source) {
      setGuess(null);
      return;
    }
    let shown = true;
    const timer = setTimeout(() => {
      void guessResult(source, form, mark).then((next) => (shown ? setGuess(next) : next.image?.close()));
    }, 250);
    return () => {
      shown = false;
      clearTimeout(timer);
    };
  }, [source, form, mark]);
  useEffect(() => () => guess?.image?.close(), [guess]);
  return guess;
}

/** `undefined` while it loads, `null` if the browser cannot show it. */
function usePreviewSource(entry: Props["entry"]): PreviewSource | null | undefined {
  const [loaded, setLoaded] = useState<{ id: string; source: PreviewSource | null }>();
  // The entry itself changes with its options, which need no new source.
  const { id, file, mediaType = null } = entry ?? {};
  useEffect(() => {
    if (id === undefined || !file) return;
    let wanted = true;
    void loadPreviewSource(file, mediaType).then((source) => wanted && setLoaded({ id, source }));
    return () => {
      wanted = false;
    };
  }, [id, file, mediaType]);
  // Keep the previous image until the next one is ready, so that the preview does not flicker.
  if (!entry) return undefined;
  return loaded?.source === null && loaded.id !== id ? undefined : loaded?.source;
}
