import { artifactUrl } from "../api/client.ts";
import type { Json } from "../api/contract.ts";
import { humanise } from "../json-schema/schema.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { isReference, references } from "./references.ts";

/** A result as a reader wants it: text as text, a small record as a list, anything else as JSON. */
export function ResultView({ value }: { value: Json }) {
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

/** The JSON, in which each reference to a file is a link to it. */
function LinkedJson({ json }: { json: string }) {
  const parts = json.split(references);
  // With one group in the expression, every other part is an id.
  return parts.map((part, n) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name
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

function isFlat(value: Json): value is { [key: string]: string | number | boolean | null } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries = Object.values(value);
  return (
    entries.length > 0 &&
    entries.length <= 12 &&
    entries.every((entry) => typeof entry !== "object" || entry === null)
  );
}
