import { useEffect } from "react";
import { formatBytes, formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { useStore } from "../store/store.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { type Submission, totalBytes } from "./submission.ts";
import { discardUnfinished, resumeUnfinished, unfinishedStore, watchUnfinished } from "./unfinished.ts";
import { uploadStore } from "./uploading.ts";

/** Offers to resume uploads that a reload or a closed tab interrupted. */
export function UnfinishedUploads() {
  const text = useText();
  const unfinished = useStore(unfinishedStore);
  const busy = useStore(uploadStore).phase === "sending";
  useEffect(() => watchUnfinished(), []);
  if (unfinished.length === 0) return null;
  return (
    <ul aria-label={text.upload.unfinished} className="mb-8 space-y-3">
      {unfinished.map((submission) => (
        <Unfinished key={submission.key} submission={submission} busy={busy} />
      ))}
    </ul>
  );
}

function Unfinished({ submission, busy }: { submission: Submission; busy: boolean }) {
  const text = useText();
  const locale = useLocale();
  const now = useNow(30_000);
  const { parts, createdAt } = submission;
  const files = parts.filter(({ path }) => path === null);
  const details = [
    text.upload.progress(
      formatBytes(totalBytes(parts.filter(({ done }) => done)), locale),
      formatBytes(totalBytes(parts), locale),
    ),
    formatRelative(new Date(createdAt).toISOString(), now, locale),
    files
      .slice(0, 3)
      .map(({ name }) => name)
      .join(", ") + (files.length > 3 ? ", …" : ""),
  ];
  return (
    <li className="card flex flex-wrap items-center gap-x-4 gap-y-3 border-accent/40 bg-accent-soft px-4 py-3.5 sm:px-5">
      <Icon name="upload" className="size-5 shrink-0 text-accent max-sm:hidden" />
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium">{text.upload.unfinishedOf(files.length)}</p>
        <p className="truncate text-[0.8125rem] text-soft tabular-nums">{details.join(" · ")}</p>
      </div>
      <div className="flex gap-2 max-sm:w-full">
        <Button
          look="primary"
          className="max-sm:flex-1"
          disabled={busy}
          onClick={() => resumeUnfinished(submission)}
        >
          {text.upload.resume}
        </Button>
        <Button className="max-sm:flex-1" onClick={() => void discardUnfinished(submission)}>
          {text.upload.discard}
        </Button>
      </div>
    </li>
  );
}
