import { lazy, Suspense, useState } from "react";
import type { FileView } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Pill } from "../ui/pill.tsx";
import { isUnsure, type LabeledQuestion, type Questions } from "./questions.ts";

const QuestionPages = lazy(() => import("./question-pages.tsx"));

/** Number of questions shown at first. */
const FIRST = 50;

/** Questions next to the document's pages. Hovering over one highlights the other. */
export function QuestionsView({ result, file }: { result: Questions; file: FileView | null }) {
  const text = useText();
  const [shown, setShown] = useState(FIRST);
  const [active, setActive] = useState<number | null>(null);
  const [open, setOpen] = useState(false);
  const { questions, labeler, pages } = result;
  return (
    <section aria-label={text.job.questions} className="mt-3 space-y-2.5 text-sm">
      <div className="flex flex-wrap items-center gap-2.5">
        <p className="text-soft">
          {text.job.labeledBy(labeler === "rules" ? text.job.labeledByRules : labeler)}
        </p>
        {file && (
          <Button size="small" onClick={() => setOpen(!open)} aria-expanded={open}>
            {open ? text.job.hidePages : text.job.showPages}
          </Button>
        )}
      </div>
      <div className={classes("gap-3", open && "grid lg:grid-cols-2")}>
        <ol className="max-h-[40rem] divide-y divide-line overflow-y-auto rounded-xl border border-line">
          {questions.slice(0, shown).map((question, index) => (
            <QuestionRow
              // biome-ignore lint/suspicious/noArrayIndexKey: numbers repeat, and passages have none
              key={index}
              question={question}
              active={active === index}
              onActive={() => setActive(index)}
            />
          ))}
        </ol>
        {open && file && (
          <Suspense fallback={<p className="py-3 text-faint">{text.job.reading}</p>}>
            <QuestionPages
              file={file}
              questions={questions}
              pages={pages}
              active={active}
              onActive={setActive}
            />
          </Suspense>
        )}
      </div>
      {questions.length > shown && (
        <Button size="small" onClick={() => setShown(shown + 200)}>
          {text.job.more(Math.min(200, questions.length - shown))}
        </Button>
      )}
    </section>
  );
}

interface RowProps {
  question: LabeledQuestion;
  active: boolean;
  onActive(): void;
}

function QuestionRow({ question, active, onActive }: RowProps) {
  const text = useText();
  const { number, type, body, choices, answer, page, group, section } = question;
  return (
    <li
      className={classes("space-y-1.5 p-3.5", active && "bg-accent-soft")}
      onMouseEnter={onActive}
      onFocus={onActive}
    >
      <div className="flex flex-wrap items-center gap-2">
        {number !== null && <h3 className="font-semibold tabular-nums">{number}</h3>}
        <Pill tone={isUnsure(question) ? "warn" : "plain"}>{text.job.questionKinds[type]}</Pill>
        <span className="text-faint">
          {[text.job.documentPage(page), section, group].filter((part) => part !== null).join(" · ")}
        </span>
      </div>
      <p className="break-words whitespace-pre-wrap">{body}</p>
      {choices.length > 0 && (
        <ol className="list-decimal space-y-0.5 pl-6 text-soft">
          {choices.map((choice, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: choices are identified by their number
            <li key={index}>{choice}</li>
          ))}
        </ol>
      )}
      {answer !== null && <p className="text-good">{text.job.printedAnswer(answer)}</p>}
    </li>
  );
}
