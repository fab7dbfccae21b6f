import { useState } from "react";
import { useText } from "../i18n/locale.ts";
import { Icon } from "../ui/icons.tsx";

interface Props {
  beforeUrl: string;
  afterUrl: string;
  /** Width by height of both. */
  ratio: number;
}

/** Drag, or use the arrow keys: the handle is a range input that covers the picture. */
export function CompareSlider({ beforeUrl, afterUrl, ratio }: Props) {
  const text = useText();
  const [share, setShare] = useState(50);
  const badge = "absolute top-3 rounded-full bg-black/60 px-2.5 py-0.5 text-xs font-medium text-white";
  return (
    <div className="@container-size flex size-full items-center justify-center rounded-xl bg-sunken">
      <div
        className="checkerboard group relative overflow-hidden rounded-lg select-none"
        style={{ aspectRatio: ratio, width: `min(100cqw, ${ratio * 100}cqh)` }}
      >
        <img src={beforeUrl} alt={text.job.before} draggable={false} className="absolute inset-0 size-full" />
        <div
          className="checkerboard absolute inset-0 bg-sunken"
          style={{ clipPath: `inset(0 0 0 ${share}%)` }}
        >
          <img src={afterUrl} alt={text.job.after} draggable={false} className="size-full" />
        </div>
        <span aria-hidden="true" className={`${badge} left-3`}>
          {text.job.before}
        </span>
        <span aria-hidden="true" className={`${badge} right-3`}>
          {text.job.after}
        </span>
        <div
          aria-hidden="true"
          className="pointer-events-none absolute inset-y-0 w-0.5 -translate-x-1/2 bg-white shadow-[0_0_6px_rgb(0_0_0/0.5)]"
          style={{ left: `${share}%` }}
        >
          <span className="absolute top-1/2 left-1/2 flex size-9 -translate-x-1/2 -translate-y-1/2 items-center justify-center rounded-full bg-white text-black shadow-lg group-has-focus-visible:ring-4 group-has-focus-visible:ring-accent">
            <Icon name="left" className="-mr-1 size-4" />
            <Icon name="right" className="-ml-1 size-4" />
          </span>
        </div>
        <input
          type="range"
          min={0}
          max={100}
          step={0.5}
          value={share}
          aria-label={text.job.compareSlider}
          aria-valuetext={`${Math.round(100 - share)}%`}
          onChange={(event) => setShare(event.target.valueAsNumber)}
          className="absolute inset-0 size-full cursor-ew-resize opacity-0"
        />
      </div>
    </div>
  );
}
