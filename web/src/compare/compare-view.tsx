import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { useText } from "../i18n/locale.ts";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { useGestures } from "./use-gestures.ts";
import { useSweep } from "./use-sweep.ts";
import type { View } from "./zoom.ts";

interface Props {
  /** An image or a canvas that fills its box. `null` if only the result can be shown. */
  before: ReactNode | null;
  after: ReactNode;
  /** Aspect ratio (width / height) of both. */
  ratio: number;
  /** Moves the divider across once, to show that it can be dragged. */
  sweep?: boolean;
}

/** The original and its result on top of each other, with a draggable divider. Zooms both together. */
export function CompareView({ before, after, ratio, sweep = false }: Props) {
  const text = useText();
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLDivElement>(null);
  const [share, setShare] = useSweep(sweep && before !== null);
  const [focused, setFocused] = useState(false);
  const { view, zoomBy, pan, reset, handlers } = useGestures({
    ...{ frame, picture, share: before === null ? null : share },
    onShare: setShare,
  });

  function onKeyDown(event: KeyboardEvent): void {
    const step = 40;
    if (event.key === "+" || event.key === "=") zoomBy(1.5);
    else if (event.key === "-") zoomBy(1 / 1.5);
    else if (event.key === "0") reset();
    else if (event.shiftKey && event.key === "ArrowLeft") pan(step, 0);
    else if (event.shiftKey && event.key === "ArrowRight") pan(-step, 0);
    else if (event.shiftKey && event.key === "ArrowUp") pan(0, step);
    else if (event.shiftKey && event.key === "ArrowDown") pan(0, -step);
    else return;
    event.preventDefault();
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the range input and the buttons do the same for keyboards
    <div
      ref={frame}
      {...handlers}
      onDoubleClick={() => (view.scale > 1 ? reset() : zoomBy(3))}
      className={classes(
        "@container-size relative size-full overflow-hidden rounded-xl bg-sunken select-none",
        view.scale === 1 ? (before === null ? "" : "cursor-ew-resize touch-pan-y") : "cursor-grab touch-none",
      )}
    >
      {before !== null && <Layer {...{ view, ratio }}>{before}</Layer>}
      <div
        className="absolute inset-0"
        style={before === null ? undefined : { clipPath: `inset(0 0 0 ${share}%)` }}
      >
        <Layer {...{ view, ratio }} box={picture}>
          {after}
        </Layer>
      </div>
      {before !== null && (
        <>
          <Badge side="left">{text.job.before}</Badge>
          <Badge side="right">{text.job.after}</Badge>
          <Divider share={share} focused={focused} />
          <input
            type="range"
            min={0}
            max={100}
            step={0.5}
            value={share}
            aria-label={text.job.compareSlider}
            aria-valuetext={`${Math.round(100 - share)}%`}
            onChange={(event) => setShare(event.target.valueAsNumber)}
            onKeyDown={onKeyDown}
            onFocus={(event) => setFocused(event.target.matches(":focus-visible"))}
            onBlur={() => setFocused(false)}
            // The frame handles presses, so that users can also pan.
            className="pointer-events-none absolute inset-0 size-full opacity-0"
          />
        </>
      )}
      <ZoomButtons scale={view.scale} onZoom={zoomBy} onReset={reset} />
    </div>
  );
}

interface LayerProps {
  view: View;
  ratio: number;
  box?: React.RefObject<HTMLDivElement | null>;
  children: ReactNode;
}

function Layer({ view: { scale, x, y }, ratio, box, children }: LayerProps) {
  return (
    <div className="absolute inset-0 flex items-center justify-center">
      <div
        ref={box}
        className="checkerboard shrink-0 bg-sunken [&>*]:block [&>*]:size-full"
        style={{
          aspectRatio: ratio,
          width: `min(100cqw, ${ratio * 100}cqh)`,
          transform: scale === 1 ? undefined : `translate(${x}px, ${y}px) scale(${scale})`,
        }}
      >
        {children}
      </div>
    </div>
  );
}

function Badge({ side, children }: { side: "left" | "right"; children: ReactNode }) {
  return (
    <span
      aria-hidden="true"
      className={`pointer-events-none absolute top-3 rounded-full bg-black/60 px-2.5 py-0.5 text-xs font-medium text-white ${side}-3`}
    >
      {children}
    </span>
  );
}

function Divider({ share, focused }: { share: number; focused: boolean }) {
  return (
    // As wide as the frame, so that it moves by percentages without any layout.
    <div
      aria-hidden="true"
      className="pointer-events-none absolute inset-0"
      style={{ transform: `translateX(${share}%)` }}
    >
      <span className="absolute inset-y-0 left-0 w-0.5 -translate-x-1/2 bg-white shadow-[0_0_6px_rgb(0_0_0/0.5)]" />
      <span
        className={classes(
          "absolute top-1/2 left-0 flex size-9 -translate-x-1/2 -translate-y-1/2 items-center justify-center rounded-full bg-white text-black shadow-lg",
          focused && "ring-4 ring-accent",
        )}
      >
        <Icon name="left" className="-mr-1 size-4" />
        <Icon name="right" className="-ml-1 size-4" />
      </span>
    </div>
  );
}

interface ZoomProps {
  scale: number;
  onZoom(factor: number): void;
  onReset(): void;
}

function ZoomButtons({ scale, onZoom, onReset }: ZoomProps) {
  const words = useText().compare;
  const button =
    "flex h-8 min-w-8 items-center justify-center rounded-full px-1.5 hover:bg-white/15 disabled:opacity-40";
  return (
    // On the left, because watermarks are on the right by default.
    // biome-ignore lint/a11y/noStaticElementInteractions: it only stops presses from reaching the picture below
    <div
      className="absolute bottom-3 left-3 flex items-center rounded-full bg-black/65 text-xs font-medium text-white tabular-nums backdrop-blur-sm"
      onPointerDown={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      <button
        type="button"
        className={button}
        aria-label={words.zoomOut}
        title={words.zoomOut}
        disabled={scale === 1}
        onClick={() => onZoom(1 / 2)}
      >
        <Icon name="minus" className="size-4" />
      </button>
      {scale > 1 && (
        <button type="button" className={button} aria-label={words.fit} title={words.fit} onClick={onReset}>
          {`${Math.round(scale * 10) / 10}×`}
        </button>
      )}
      <button
        type="button"
        className={button}
        aria-label={words.zoomIn}
        title={words.zoomIn}
        onClick={() => onZoom(2)}
      >
        <Icon name="plus" className="size-4" />
      </button>
    </div>
  );
}
