import type { JobItem } from "../api/contract.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Icon } from "../ui/icons.tsx";

/** Warnings about a result. The step's messages are English, so other languages show our text first. */
export function Warnings({ warnings }: { warnings: JobItem["warnings"] }) {
  const text = useText();
  const locale = useLocale();
  if (warnings.length === 0) return null;
  return (
    <ul
      aria-label={text.job.warnings}
      className="mt-2.5 space-y-1 rounded-xl bg-warn-soft px-3.5 py-2.5 text-[0.8125rem] leading-relaxed"
    >
      {warnings.map(({ code, message }) => {
        const words = locale === "en" ? undefined : text.job.warningTitles[code];
        return (
          <li key={`${code} ${message}`} className="flex gap-2">
            <Icon name="alert" className="mt-0.5 size-4 shrink-0 text-warn" />
            <div className="min-w-0">
              {words && <p>{words}</p>}
              <p lang="en" className={`break-words ${words ? "text-xs text-faint" : "text-soft"}`}>
                {message}
              </p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
