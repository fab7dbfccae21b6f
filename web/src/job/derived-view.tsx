import { thumbHashToDataURL } from "thumbhash";
import { artifactUrl } from "../api/client.ts";
import { formatBytes, formatPercent } from "../format/format.ts";
import { useDerivedText } from "../i18n/derived-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Pill } from "../ui/pill.tsx";
import type { Derived } from "./derived-result.ts";

/** Images derived for the web, and facts about the original. */
export default function DerivedView({ derived }: { derived: Derived }) {
  const text = useDerivedText();
  return (
    <section aria-label={text.title} className="mt-3 space-y-5 rounded-xl border border-line p-4 text-sm">
      <Look derived={derived} />
      <Html derived={derived} />
      <Renditions derived={derived} />
      <Duplicates duplicates={derived.duplicates} />
      <Camera derived={derived} />
    </section>
  );
}

const heading = "mb-2 text-xs font-semibold text-soft";

function Look({ derived }: { derived: Derived }) {
  const text = useDerivedText();
  const locale = useLocale();
  const { placeholder, colors, srcset, phash } = derived;
  return (
    <div className="flex flex-wrap gap-x-8 gap-y-4">
      <figure>
        <figcaption className={heading}>{text.placeholder}</figcaption>
        <img
          src={placeholderUrl(placeholder.thumbhash)}
          alt=""
          className="h-24 rounded-lg border border-line"
          style={{ aspectRatio: `${srcset.width} / ${srcset.height}` }}
        />
      </figure>
      <div className="min-w-0">
        <h4 className={heading}>{text.colors}</h4>
        <ul className="flex flex-wrap gap-3">
          {colors.map(({ color, share }) => (
            <li key={color} className="flex items-center gap-2">
              <span
                aria-hidden="true"
                className="size-6 rounded-md border border-line"
                style={{ backgroundColor: color }}
              />
              <span className="font-mono text-xs">{color}</span>
              <span className="text-xs text-faint tabular-nums">{formatPercent(share, locale)}</span>
            </li>
          ))}
        </ul>
        {phash !== null && (
          <p className="mt-3 text-xs text-faint">
            {text.hash} <code className="font-mono break-all text-soft">{phash}</code>
          </p>
        )}
      </div>
    </div>
  );
}

function placeholderUrl(thumbhash: string): string {
  return thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (character) => character.charCodeAt(0)));
}

function Html({ derived: { html, published } }: { derived: Derived }) {
  const text = useDerivedText();
  return (
    <div>
      <div className="mb-2 flex items-center gap-2.5">
        <h4 className="text-xs font-semibold text-soft">{text.html}</h4>
        {published && <Pill tone="good">{text.published}</Pill>}
        <span className="ml-auto">
          <CopyButton value={html} small />
        </span>
      </div>
      <pre className="max-h-56 overflow-auto rounded-lg bg-sunken p-3.5 font-mono text-xs whitespace-pre-wrap break-all">
        {html}
      </pre>
      {!published && <p className="mt-1.5 text-xs text-faint">{text.private}</p>}
    </div>
  );
}

function Renditions({ derived: { srcset } }: { derived: Derived }) {
  const text = useDerivedText();
  const locale = useLocale();
  return (
    <div>
      <h4 className={heading}>{text.renditions}</h4>
      <ul className="space-y-2">
        {srcset.sources.map(({ mediaType, images }) => (
          <li key={mediaType} className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
            <span className="w-24 shrink-0 font-mono text-xs text-soft">{mediaType}</span>
            {images.map(({ artifactId, url, width, height, bytes }) => (
              <a key={artifactId} href={url} className="text-accent tabular-nums hover:underline">
                {width} × {height} <span className="text-xs text-faint">{formatBytes(bytes, locale)}</span>
              </a>
            ))}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Duplicates({ duplicates }: Pick<Derived, "duplicates">) {
  const text = useDerivedText();
  if (duplicates.length === 0) return <p className="text-faint">{text.noDuplicates}</p>;
  return (
    <div>
      <h4 className={heading}>{text.duplicates(duplicates.length)}</h4>
      <ul className="flex flex-wrap gap-3">
        {duplicates.map(({ artifactId, jobId, distance }) => (
          <li key={artifactId} className="w-36">
            <Link href={paths.job(jobId)} title={text.openJob} className="block">
              <img
                src={artifactUrl(artifactId)}
                alt={text.openJob}
                loading="lazy"
                decoding="async"
                className="h-24 w-full rounded-lg border border-line bg-sunken object-contain"
              />
              <span className="mt-1 block text-xs text-soft">{text.duplicateOf(distance)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Camera({ derived: { exif, gps } }: { derived: Derived }) {
  const text = useDerivedText();
  if (exif === null && gps === null) return <p className="text-faint">{text.noExif}</p>;
  const place = gps && `${gps.latitude}, ${gps.longitude}`;
  return (
    <details>
      <summary className="text-soft">{text.camera}</summary>
      <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-1 rounded-lg bg-sunken p-3.5 text-xs">
        {place && (
          <>
            <dt className="text-soft">{text.place}</dt>
            <dd className="tabular-nums">{place}</dd>
          </>
        )}
        {Object.entries(exif ?? {}).map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="break-words">{Array.isArray(value) ? value.join(", ") : String(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
