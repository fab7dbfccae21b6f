import { useConsoleText } from "../i18n/console-text.ts";

interface Failure {
  code: string;
  message: string;
  detail?: string | undefined;
}

/** An error with operators' details. Its language is that of the step. @param brief its message is shown elsewhere */
export function StackTrace({ error, brief = false }: { error: Failure; brief?: boolean }) {
  const words = useConsoleText().timeline;
  return (
    <div lang="en" className="mt-1.5 text-sm">
      {!brief && (
        <p className="break-words text-soft">
          <code className="rounded bg-sunken px-1.5 py-0.5 font-mono text-xs text-ink">{error.code}</code>{" "}
          {error.message}
        </p>
      )}
      {error.detail && (
        <details className="mt-1.5">
          <summary className="text-xs font-medium text-soft">{words.stack}</summary>
          <pre className="mt-1.5 max-h-72 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs leading-relaxed whitespace-pre-wrap">
            {error.detail}
          </pre>
        </details>
      )}
    </div>
  );
}
