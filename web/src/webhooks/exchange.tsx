import type { ReactNode } from "react";
import { useTellingText } from "../i18n/telling-text.ts";

interface Props {
  title: ReactNode;
  headers: Record<string, string> | null;
  body: string | null;
}

/** A request or a response as sent. */
export function Exchange({ title, headers, body }: Props) {
  const words = useTellingText().deliveries;
  const names = Object.entries(headers ?? {});
  return (
    <div className="min-w-0">
      <p className="mb-1.5 text-xs font-medium text-soft">{title}</p>
      <div className="overflow-hidden rounded-lg bg-sunken font-mono text-xs leading-relaxed">
        {names.length > 0 && (
          <details className="border-b border-line px-3 py-2">
            <summary className="font-sans text-faint">
              {words.headers} ({names.length})
            </summary>
            <dl className="mt-1.5 space-y-0.5">
              {names.map(([name, value]) => (
                <div key={name} className="break-all">
                  <dt className="inline text-soft">{name}: </dt>
                  <dd className="inline">{value}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
        <pre className="max-h-72 overflow-auto px-3 py-2 break-all whitespace-pre-wrap">
          {body ? readable(body) : <span className="font-sans text-faint">{words.emptyBody}</span>}
        </pre>
      </div>
    </div>
  );
}

/** Indents JSON. Returns anything else as it is. */
function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
