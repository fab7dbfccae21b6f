import type { JobItem } from "../api/contract.ts";
import { useLocale, useText } from "../i18n/locale.ts";

/** Error of a file. The worker's message is the most precise, but English, so other languages show our advice first. */
export function ItemError({ error }: { error: NonNullable<JobItem["error"]> }) {
  const text = useText();
  const locale = useLocale();
  const words = text.problems[error.code as keyof typeof text.problems];
  return (
    <div className="mt-2.5 rounded-xl bg-bad-soft px-3.5 py-2.5 text-[0.8125rem] leading-relaxed">
      {words && <p className="font-semibold">{words.title}</p>}
      {words?.advice && locale !== "en" && <p className="text-soft">{words.advice}</p>}
      <p lang="en" className={locale === "en" ? "break-words text-soft" : "text-xs break-words text-faint"}>
        {error.message}
      </p>
    </div>
  );
}
