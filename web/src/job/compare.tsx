import { useEffect, useState } from "react";
import { artifactUrl } from "../api/client.ts";
import type { FileView, JobItem } from "../api/contract.ts";
import { CompareView } from "../compare/compare-view.tsx";
import { useText } from "../i18n/locale.ts";
import { dimensionsOf, isShown } from "../pictures/shown.ts";
import { IconButton, LinkButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ItemFacts } from "./item-facts.tsx";
import { canCompare } from "./pictures.ts";

interface Props {
  items: readonly JobItem[];
  index: number;
  onMove(index: number): void;
  onClose(): void;
}

/** Before and after: on top of each other if the aspect ratio is the same, or else side by side. */
export function Compare({ items, index, onMove, onClose }: Props) {
  const text = useText();
  const pictures = items.filter(canCompare);
  const at = pictures.findIndex((item) => item.index === index);
  const item = pictures[at];
  const previous = pictures[at - 1];
  const next = pictures[at + 1];

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // The slider uses the arrow keys, so Page Up and Page Down move between images.
      if (event.key === "PageUp" && previous) onMove(previous.index);
      else if (event.key === "PageDown" && next) onMove(next.index);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [previous, next, onMove]);

  const after = item?.outputs[0];
  if (!item?.input || !after) return null;
  return (
    <Dialog title={item.name} onClose={onClose} wide>
      <Pictures key={item.index} before={item.input} after={after} />
      <div className="mt-4 flex flex-wrap items-center gap-2">
        <IconButton
          icon="left"
          label={text.job.previous}
          disabled={!previous}
          onClick={() => previous && onMove(previous.index)}
        />
        <span className="text-xs text-faint tabular-nums">
          {at + 1} / {pictures.length}
        </span>
        <IconButton
          icon="right"
          label={text.job.next}
          disabled={!next}
          onClick={() => next && onMove(next.index)}
        />
        <span className="mr-auto sm:ml-2 max-sm:order-first max-sm:basis-full">
          <ItemFacts item={item} />
        </span>
        <LinkButton
          size="small"
          className="max-sm:ml-auto"
          icon="download"
          href={artifactUrl(after.artifactId)}
          download={after.name}
        >
          {text.job.download}
        </LinkButton>
      </div>
    </Dialog>
  );
}

function Pictures({ before, after }: { before: FileView; after: FileView }) {
  const text = useText();
  const [ratio, setRatio] = useState<number | null>(null);
  const size = dimensionsOf(after);
  const outputRatio = size ? size.width / size.height : null;
  const beforeUrl = artifactUrl(before.artifactId);
  const afterUrl = artifactUrl(after.artifactId);
  const sameRatio = ratio !== null && outputRatio !== null && Math.abs(ratio / outputRatio - 1) < 0.02;

  useEffect(() => {
    if (!isShown(before)) {
      setRatio(0);
      return;
    }
    let wanted = true;
    const image = new Image();
    image.src = beforeUrl;
    image.decode().then(
      () => wanted && setRatio(image.naturalWidth / image.naturalHeight),
      () => wanted && setRatio(0),
    );
    return () => {
      wanted = false;
    };
  }, [before, beforeUrl]);

  const frame = "h-[min(50dvh,40rem)] w-full sm:h-[min(62dvh,40rem)]";
  if (ratio === null)
    return <div className={`${frame} animate-[breathe_1.6s_ease-in-out_infinite] rounded-xl bg-sunken`} />;
  if (sameRatio) {
    return (
      <div className={frame}>
        <CompareView
          before={<img src={beforeUrl} alt={text.job.before} draggable={false} />}
          after={<img src={afterUrl} alt={text.job.after} draggable={false} />}
          ratio={outputRatio ?? 1}
        />
      </div>
    );
  }
  return (
    <div className={`${frame} grid grid-rows-2 gap-3 sm:grid-cols-2 sm:grid-rows-1`}>
      {[
        { label: text.job.before, url: ratio === 0 ? null : beforeUrl },
        { label: text.job.after, url: afterUrl },
      ].map(({ label, url }) => (
        <figure
          key={label}
          className="relative flex min-h-0 items-center justify-center rounded-xl bg-sunken"
        >
          {url ? (
            <img src={url} alt={label} className="checkerboard max-h-full max-w-full object-contain" />
          ) : (
            <p className="p-6 text-center text-sm text-faint">{text.job.noBefore}</p>
          )}
          <figcaption className="absolute top-3 left-3 rounded-full bg-black/60 px-2.5 py-0.5 text-xs font-medium text-white">
            {label}
          </figcaption>
        </figure>
      ))}
    </div>
  );
}
