import { useEffect, useState } from "react";
import { artifactUrl } from "../api/client.ts";
import type { JobItem } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { localThumbnail } from "../pictures/local-pictures.ts";
import { Icon } from "../ui/icons.tsx";
import { canCompare, pictureOf } from "./pictures.ts";

interface Props {
  jobId: string;
  item: JobItem;
  expired: boolean;
  onCompare(index: number): void;
}

const frame =
  "relative flex size-14 shrink-0 items-center justify-center overflow-hidden rounded-lg border border-line bg-sunken text-faint sm:size-16";

/** Thumbnail of the result, or until then of the input. Opens the comparison. */
export function ItemPicture({ jobId, item, expired, onCompare }: Props) {
  const text = useText();
  const picture = expired ? null : pictureOf(item);
  const local = useLocalThumbnail(jobId, item.index);
  const [loaded, setLoaded] = useState(false);
  const content = (
    <>
      {local && !loaded && (
        <img src={local} alt="" className="absolute inset-0 size-full object-cover opacity-70" />
      )}
      {picture && (
        <img
          src={artifactUrl(picture.artifactId)}
          alt=""
          loading="lazy"
          decoding="async"
          onLoad={() => setLoaded(true)}
          className={`absolute inset-0 size-full object-cover ${loaded ? "checkerboard" : ""}`}
        />
      )}
      {!picture && !local && <Icon name="file" className="size-6" />}
    </>
  );
  if (expired || !canCompare(item)) return <span className={frame}>{content}</span>;
  return (
    <button
      type="button"
      className={frame}
      aria-label={text.job.compareNamed(item.name)}
      onClick={() => onCompare(item.index)}
    >
      {content}
    </button>
  );
}

function useLocalThumbnail(jobId: string, index: number): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    let shown = true;
    void localThumbnail(jobId, index)?.then((thumbnail) => shown && setUrl(thumbnail?.url ?? null));
    return () => {
      shown = false;
    };
  }, [jobId, index]);
  return url;
}
