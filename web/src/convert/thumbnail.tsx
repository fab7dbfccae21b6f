import { useEffect, useRef, useState } from "react";
import { type Thumbnail as Made, thumbnailOf } from "../pictures/thumbnails.ts";
import { Icon } from "../ui/icons.tsx";
import type { Picked } from "./selection.ts";

interface Props {
  entry: Picked;
  onDimensions?(width: number, height: number): void;
}

/** Created when it first comes into view. */
export function Thumbnail({ entry, onDimensions }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [made, setMade] = useState<Made | null | undefined>(entry.rejection === "type" ? null : undefined);

  useEffect(() => {
    const element = frame.current;
    if (!element || made !== undefined) return;
    let shown = true;
    const observer = new IntersectionObserver(
      ([change]) => {
        if (!change?.isIntersecting) return;
        observer.disconnect();
        void thumbnailOf(entry.file, entry.mediaType).then((thumbnail) => shown && setMade(thumbnail));
      },
      { rootMargin: "200px" },
    );
    observer.observe(element);
    return () => {
      shown = false;
      observer.disconnect();
    };
  }, [entry, made]);

  useEffect(() => {
    if (made) onDimensions?.(made.width, made.height);
  }, [made, onDimensions]);

  return (
    <div ref={frame} className="checkerboard absolute inset-0 flex items-center justify-center bg-sunken">
      {made && (
        <img
          src={made.url}
          alt=""
          draggable={false}
          className="size-full animate-[rise_200ms_ease-out] object-cover"
        />
      )}
      {made === null && <Icon name="file" className="size-8 text-faint" />}
    </div>
  );
}
