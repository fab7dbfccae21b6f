import { useLocale, useText } from "../i18n/locale.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import type { Answer } from "./answer-result.ts";

const body = "text-[0.9375rem] leading-relaxed break-words whitespace-pre-wrap";

/** Text as it streams in. Screen readers are only notified at the end. */
export function StreamedText({ text: streamed }: { text: string }) {
  const text = useText();
  return (
    <div aria-busy="true" className="max-w-[70ch]">
      <p className={body}>
        {streamed}
        <span
          aria-hidden="true"
          className="ml-0.5 inline-block h-[1.1em] w-[0.5ch] translate-y-[0.2em] animate-pulse bg-accent motion-reduce:animate-none"
        />
      </p>
      <p className="mt-3 text-xs text-faint">{text.job.writing}</p>
    </div>
  );
}

/** An answer with its sources and usage. */
export function AnswerView({ answer }: { answer: Answer }) {
  const text = useText();
  const { citations } = answer;
  return (
    <div className="max-w-[70ch] space-y-4">
      <p className={body}>{answer.text}</p>
      {answer.finish === "length" && <p className="text-sm text-warn">{text.job.answerFacts.cut}</p>}
      {citations.length > 0 && (
        <section aria-label={text.job.sources}>
          <h3 className="mb-2 text-sm font-medium">{text.job.sources}</h3>
          <ol className="space-y-2">
            {citations.map(({ number, file, page, text: passage }) => (
              <li key={number} className="rounded-xl bg-sunken px-4 py-3 text-sm">
                <p className="font-medium break-words">
                  <span className="mr-2 text-accent tabular-nums">[{number}]</span>
                  {text.job.citedPage(file, page)}
                </p>
                <p className="mt-1 line-clamp-4 break-words text-soft">{passage}</p>
              </li>
            ))}
          </ol>
        </section>
      )}
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <Facts answer={answer} />
        <CopyButton value={answer.text} />
      </div>
    </div>
  );
}

/** Model, tokens and cost. */
function Facts({ answer: { model, usage, cost } }: { answer: Answer }) {
  const text = useText();
  const locale = useLocale();
  if (model === "extractive") return <p className="text-xs text-faint">{text.job.extractive}</p>;
  const facts = text.job.answerFacts;
  const count = (tokens: number) => tokens.toLocaleString(locale);
  const usd = (amount: number) =>
    amount.toLocaleString(locale, { style: "currency", currency: "USD", maximumSignificantDigits: 3 });
  const parts = [
    model,
    facts.tokens(count(usage.inputTokens), count(usage.outputTokens)),
    cost && facts.cost(usd(cost.usd)),
    (usage.estimated || cost?.estimated) && facts.estimated,
  ].filter(Boolean);
  return <p className="text-xs break-words text-faint tabular-nums">{parts.join(" · ")}</p>;
}
