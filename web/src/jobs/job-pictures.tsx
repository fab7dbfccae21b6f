import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { artifactUrl, listItems } from "../api/client.ts";
import { hasEnded, type Job } from "../api/contract.ts";
import { pictureOf } from "../job/pictures.ts";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";

const shown = 4;
/** Low limit, because a list of many jobs loads many images. */
const mostBytes = 300_000;

/** First results of a job, loaded when its row comes into view. */
export function JobPictures({ job }: { job: Job }) {
  const frame = useRef<HTMLSpanElement>(null);
  const seen = useSeen(frame);
  const ended = hasEnded(job);
  const { data } = useQuery({
    queryKey: ["job-pictures", job.id, ended || Math.min(job.progress.done, shown)],
    queryFn: async ({ signal }) => {
      const { items } = await listItems(job.id, { limit: shown }, signal);
      return items.map(pictureOf).flatMap((file) => (file && file.bytes <= mostBytes ? file.artifactId : []));
    },
    enabled: seen && job.progress.done > 0 && job.state !== "expired",
    placeholderData: (before) => before,
    staleTime: ended ? Number.POSITIVE_INFINITY : 1_000,
    retry: false,
  });
  const pictures = job.state === "expired" ? [] : (data ?? []);
  return (
    <span
      ref={frame}
      className={classes(
        "grid size-12 shrink-0 place-items-center gap-px overflow-hidden rounded-lg border border-line bg-sunken text-faint",
        pictures.length > 1 && "grid-cols-2 grid-rows-2",
      )}
    >
      {pictures.map((artifactId, index) => (
        <img
          key={artifactId}
          src={artifactUrl(artifactId)}
          alt=""
          loading="lazy"
          decoding="async"
          className={classes(
            "size-full min-h-0 min-w-0 object-cover",
            pictures.length === 2 && "row-span-2",
            pictures.length === 3 && index === 0 && "row-span-2",
          )}
        />
      ))}
      {pictures.length === 0 && (
        <Icon name={job.pipeline.startsWith("image.") ? "images" : "flow"} className="size-6" />
      )}
    </span>
  );
}

function useSeen(element: React.RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (seen || !element.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true),
      { rootMargin: "200px" },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [seen, element]);
  return seen;
}
