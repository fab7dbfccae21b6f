import { artifactUrl } from "../api/client.ts";
import { formatBytes } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { isShown } from "../pictures/shown.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { classes, linkLook } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { clearReused, previewReused, type Reused, removeReused } from "./reused.ts";

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
          <li
            key={file.artifactId}
            className={classes(
              "relative flex items-center gap-3 rounded-xl border p-2",
              file.artifactId === previewId ? "border-accent ring-1 ring-accent" : "border-line",
            )}
          >
            <button
              type="button"
              aria-pressed={file.artifactId === previewId}
              aria-label={text.convert.preview(file.title)}
              onClick={() => previewReused(file.artifactId)}
              className="checkerboard flex size-12 shrink-0 items-center justify-center overflow-hidden rounded-lg text-faint"
            >
              {isShown(file) && file.bytes <= smallEnough ? (
                <img
                  src={artifactUrl(file.artifactId)}
                  alt=""
                  loading="lazy"
                  className="size-full object-cover"
                />
              ) : (
                <Icon name="file" />
              )}
            </button>
            <p className="min-w-0 flex-1 text-[0.8125rem]">
              <span className="block truncate font-medium" title={file.title}>
                {file.title}
              </span>
              <span className="block text-xs text-faint tabular-nums">{formatBytes(file.bytes, locale)}</span>
            </p>
            <IconButton
              icon="close"
              label={text.convert.remove(file.title)}
              onClick={() => removeReused(file.artifactId)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
