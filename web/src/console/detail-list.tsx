import type { Json } from "../api/contract.ts";
import { formatDateTime } from "../format/format.ts";
import { useLocale } from "../i18n/locale.ts";

/** A few named values on one line, for filters and details of actions. */
export function DetailList({ value, none = "" }: { value: unknown; none?: string }) {
  const locale = useLocale();
  const entries = entriesOf(value);
  if (entries.length === 0) return <span className="text-faint">{none}</span>;
  return (
    <dl className="flex flex-wrap gap-x-3 gap-y-0.5 text-xs">
      {entries.map(([name, one]) => (
        <div key={name} className="break-all">
          <dt className="inline text-faint">{name}: </dt>
          <dd className="inline font-mono">{shownAs(one, locale)}</dd>
        </div>
      ))}
    </dl>
  );
}

function shownAs(value: Json, locale: string): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value) ? formatDateTime(value, locale) : value;
}

function entriesOf(value: unknown): [string, Json][] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
  return Object.entries(value).filter(([, one]) => one !== null && one !== undefined && one !== "");
}
