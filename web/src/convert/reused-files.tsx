import { artifactUrl } from "../api/client.ts";
import { formatBytes } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { isShown } from "../pictures/shown.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { useStore } from "../store/store.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { classes, linkLook } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { formStore } from "./form-store.ts";
import { ownSummary } from "./own-options.ts";
import { OwnOptionsButton } from "./own-options-button.tsx";
import {
  clearReused,
  previewReused,
  type Reused,
  type ReusedFile,
  removeReused,
  setReusedOwn,
} from "./reused.ts";

/** Larger images are not loaded for thumbnails. */
const smallEnough = 1_500_000;

/** Images from an earlier job. */
export function ReusedFiles({ chosen, locked }: { chosen: Reused; locked: boolean }) {
  const text = useText();
  const locale = useLocale();
  const { files, jobId, previewId } = chosen;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return (
    <section aria-label={text.convert.reusedLabel} className="card p-4 sm:p-5">
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <div className="mr-auto">
          <p className="text-sm font-semibold tabular-nums">
            {text.convert.chosen(files.length, formatBytes(bytes, locale))}
          </p>
          <p className="text-xs text-soft">
            {text.convert.reusedHint}{" "}
            <Link href={paths.job(jobId)} className={linkLook}>
              {text.convert.reusedFrom}
            </Link>
          </p>
        </div>
        {!locked && (
          <Button size="small" look="quiet" icon="trash" onClick={clearReused}>
            {text.convert.clear}
          </Button>
        )}
      </div>
      <ul className={classes("grid gap-2 sm:grid-cols-2", locked && "pointer-events-none opacity-70")}>
        {files.map((file) => (
          <Row key={file.artifactId} file={file} previewed={file.artifactId === previewId} />
        ))}
      </ul>
    </section>
  );
}

function Row({ file, previewed }: { file: ReusedFile; previewed: boolean }) {
  const text = useText();
  const locale = useLocale();
  const { artifactId, title, bytes, own } = file;
  const summary = ownSummary(useStore(formStore), own);
  return (
    <li
      className={classes(
        "relative flex min-w-0 items-center gap-3 rounded-xl border p-2",
        previewed ? "border-accent ring-1 ring-accent" : "border-line",
      )}
    >
      <button
        type="button"
        aria-pressed={previewed}
        aria-label={text.convert.preview(title)}
        onClick={() => previewReused(artifactId)}
        className="checkerboard flex size-12 shrink-0 items-center justify-center overflow-hidden rounded-lg text-faint"
      >
        {isShown(file) && bytes <= smallEnough ? (
          <img src={artifactUrl(artifactId)} alt="" loading="lazy" className="size-full object-cover" />
        ) : (
          <Icon name="file" />
        )}
      </button>
      <p className="min-w-0 flex-1 text-[0.8125rem]">
        <span className="block truncate font-medium" title={title}>
          {title}
        </span>
        <span className="block text-xs text-faint tabular-nums">{formatBytes(bytes, locale)}</span>
        {summary !== null && (
          <span className="block truncate text-xs font-medium text-accent tabular-nums" title={summary}>
            {summary}
          </span>
        )}
      </p>
      <div className="flex shrink-0">
        <OwnOptionsButton
          name={title}
          own={own}
          onOpen={() => previewReused(artifactId)}
          onChange={(changed) => setReusedOwn(artifactId, changed)}
        />
        <IconButton
          icon="close"
          label={text.convert.remove(title)}
          onClick={() => removeReused(artifactId)}
        />
      </div>
    </li>
  );
}
