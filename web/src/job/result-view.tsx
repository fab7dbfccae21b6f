import { artifactUrl } from "../api/client.ts";
import type { Json } from "../api/contract.ts";
import { humanise } from "../json-schema/schema.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { isReference, references } from "./references.ts";

/** Shows text as text, a small record as a list, and anything else as JSON. */
export function ResultView({ value: result }: { value: Json }) {
  const value = readPages(result) ?? result;
  if (typeof value === "string") {
    return (
      <div className="relative rounded-xl bg-sunken">
        <div className="max-h-96 overflow-y-auto p-4 pr-14 text-sm break-words whitespace-pre-wrap">
          {value}
        </div>
        <span className="absolute top-1.5 right-2.5">
          <CopyButton value={value} small />
        </span>
      </div>
    );
  }
  if (isFlat(value)) {
    return (
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-1.5 rounded-xl bg-sunken p-4 text-sm">
        {Object.entries(value).map(([name, entry]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{humanise(name)}</dt>
            <dd className="break-words whitespace-pre-wrap tabular-nums">
              {entry === null ? "–" : isReference(name, entry) ? <FileLink id={entry} /> : String(entry)}
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  if (typeof value === "number" || typeof value === "boolean" || value === null) {
    return <p className="text-lg font-semibold tabular-nums">{String(value)}</p>;
  }
  const json = JSON.stringify(value, null, 2);
  return (
    <div className="space-y-2.5">
      <pre className="max-h-96 overflow-auto rounded-xl bg-sunken p-4 font-mono text-xs whitespace-pre-wrap">
        <LinkedJson json={json} />
      </pre>
      <CopyButton value={json} />
    </div>
  );
}

/** JSON with links for references to files. */
function LinkedJson({ json }: { json: string }) {
  const parts = json.split(references);
  // With one capture group, every other part is an id.
  return parts.map((part, n) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text have no other key
    n % 2 === 0 ? part : <FileLink key={n} id={part} />,
  );
}

function FileLink({ id }: { id: string }) {
  return (
    <a href={artifactUrl(id)} className="break-all text-accent underline">
      {id}
    </a>
  );
}

/** Text of a file's pages. `null` for other results. */
function readPages(value: Json): string | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { pages, ...others } = value;
  if (!Array.isArray(pages) || pages.length === 0 || Object.keys(others).length > 0) return null;
  const texts = pages.map((page) => {
    if (typeof page !== "object" || page === null || Array.isArray(page)) return null;
    return Object.keys(page).length === 2 && "page" in page && typeof page.text === "string"
      ? page.text
      : null;
  });
  return texts.includes(null) ? null : texts.join("\n\n");
}

function isFlat(value: Json): value is { [key: string]: string | number | boolean | null } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries = Object.values(value);
  return (
    entries.length > 0 &&
    entries.length <= 12 &&
    entries.every((entry) => typeof entry !== "object" || entry === null)
  );
}
