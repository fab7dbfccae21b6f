import type { Json } from "../api/contract.ts";
import { humanise } from "../json-schema/schema.ts";

/** Options of a job as it ran, including defaults. */
export function OptionsList({ options }: { options: Json }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-6 gap-y-1.5 rounded-xl bg-sunken p-4 text-sm">
      {flatten(options).map(([path, value]) => (
        <div key={path.join(".")} className="contents">
          <dt className="text-soft">{path.map(humanise).join(" · ")}</dt>
          <dd className="break-words whitespace-pre-wrap">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Flattens nested objects to values with paths. Lists become one line. */
export function flatten(value: Json, path: string[] = []): [string[], string][] {
  if (value === null) return [[path, "–"]];
  if (Array.isArray(value)) {
    const scalars = value.every((entry) => typeof entry !== "object");
    return [[path, scalars ? value.join(", ") || "–" : JSON.stringify(value)]];
  }
  if (typeof value !== "object") return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, entry]) => flatten(entry, [...path, name]));
}
