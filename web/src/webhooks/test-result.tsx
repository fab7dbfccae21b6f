import { formatMs } from "../format/format.ts";
import { useLocale } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { Icon } from "../ui/icons.tsx";
import type { WholeDelivery } from "./api.ts";
import { Exchanges } from "./exchanges.tsx";

/** Response to a test delivery. */
export function TestResult({ result }: { result: WholeDelivery }) {
  const words = useTellingText().webhooks;
  const locale = useLocale();
  const { last, state } = result;
  const isGood = state === "delivered";
  return (
    <section
      role="status"
      aria-label={words.testTitle}
      className={`space-y-3 rounded-xl p-4 ${isGood ? "bg-good-soft" : "bg-bad-soft"}`}
    >
      <p className="flex flex-wrap items-center gap-2 text-sm font-semibold">
        <Icon name={isGood ? "check" : "alert"} className={isGood ? "text-good" : "text-bad"} />
        {isGood && last && words.testOk(formatMs(last.ms, locale))}
        {!isGood && (last?.status ? words.testBad : last ? words.testNone : words.testPending)}
        {last?.status && <code className="font-mono">HTTP {last.status}</code>}
      </p>
      {last?.error && !isGood && (
        <p lang="en" className="text-sm break-words text-soft">
          {last.error}
        </p>
      )}
      <Exchanges delivery={result} />
    </section>
  );
}
