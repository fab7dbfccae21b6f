import { lazy, memo, Suspense } from "react";
import type { FileView, JobItem, Json } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { OutputList } from "../outputs/output-list.tsx";
import { Attempts } from "./attempts.tsx";
import { readDerived } from "./derived-result.ts";
import { readDocument } from "./document-result.ts";
import { DocumentFile, DocumentView } from "./document-view.tsx";
import { hasTroubles } from "./item-attempts.ts";
import { ItemButtons } from "./item-buttons.tsx";
import { ItemError } from "./item-error.tsx";
import { ItemFacts } from "./item-facts.tsx";
import { ItemHead, UnderWay } from "./item-head.tsx";
import { ItemOutputs } from "./item-outputs.tsx";
import { ItemParts } from "./item-parts.tsx";
import { ItemPicture } from "./item-picture.tsx";
import { type LiveItem, partsNow } from "./live-progress.ts";
import { PartList } from "./part-list.tsx";
import { readQuestions } from "./questions.ts";
import { QuestionsFile } from "./questions-file.tsx";
import { QuestionsView } from "./questions-view.tsx";
import { Children } from "./related-jobs.tsx";
import { ResultView } from "./result-view.tsx";
import { StepList } from "./step-list.tsx";
import { Warnings } from "./warnings.tsx";

const DerivedView = lazy(() => import("./derived-view.tsx"));

interface Props {
  jobId: string;
  pipeline: string;
  item: JobItem;
  live: LiveItem | undefined;
  expired: boolean;
  onCompare(index: number): void;
}

export const ItemRow = memo(function ItemRow({ jobId, pipeline, item, live, expired, onCompare }: Props) {
  const text = useText();
  const hasData = item.data !== null || item.dataFile !== null;
  const name = item.name || (hasData ? text.job.itemNumber(item.index + 1) : text.job.noName);
  const underWay = item.state === "running" || item.state === "retrying" || item.state === "queued";
  const parts = partsNow(item, live);
  const outputs = item.resultFile ? [...item.outputs, item.resultFile] : item.outputs;
  return (
    <li className="p-3.5 [contain-intrinsic-size:auto_88px] [content-visibility:auto] sm:px-5 sm:py-4">
      <div className="flex items-center gap-3.5 sm:gap-4">
        <ItemPicture jobId={jobId} item={item} expired={expired} onCompare={onCompare} />
        <div className="min-w-0 flex-1">
          <ItemHead item={item} name={name} />
          {underWay ? (
            <UnderWay item={item} live={live} name={name} />
          ) : (
            <div className="flex flex-wrap items-center gap-x-2.5">
              <ItemFacts item={item} />
              {parts && <ItemParts parts={parts} />}
            </div>
          )}
        </div>
        {!expired && <ItemButtons item={item} name={name} onCompare={onCompare} />}
      </div>
      {hasData && <ItemData item={item} />}
      <Children of={item.children} />
      {item.error && (item.state === "failed" || item.state === "retrying") && (
        <ItemError error={item.error} />
      )}
      <Warnings warnings={item.warnings} />
      {live?.text && underWay && (
        <p className="mt-3 whitespace-pre-wrap rounded-xl bg-sunken p-4 text-sm">{live.text}</p>
      )}
      {item.result !== null && <ItemResult value={item.result} input={expired ? null : item.input} />}
      {item.resultFile && !expired && pipeline === "document.ocr" && <DocumentFile file={item.resultFile} />}
      {item.resultFile && !expired && pipeline === "document.label" && (
        <QuestionsFile result={item.resultFile} input={item.input} />
      )}
      {!expired && <ItemOutputs outputs={outputs} />}
      {parts && (
        <PartList
          jobId={jobId}
          index={item.index}
          parts={parts}
          running={item.state === "running"}
          expired={expired}
        />
      )}
      <StepList steps={item.steps} shown={outputs} expired={expired} />
      {hasTroubles(item) && <Attempts jobId={jobId} index={item.index} />}
    </li>
  );
});

/** Data of a data item. */
function ItemData({ item }: { item: JobItem }) {
  const text = useText();
  return (
    <details className="mt-3 text-sm">
      <summary className="text-soft">{text.job.data}</summary>
      <div className="mt-2">
        {item.dataFile ? <OutputList files={[item.dataFile]} /> : <ResultView value={item.data} />}
      </div>
    </details>
  );
}

function ItemResult({ value, input }: { value: Json; input: FileView | null }) {
  const questions = readQuestions(value);
  if (questions) return <QuestionsView result={questions} file={input} />;
  const derived = readDerived(value);
  if (derived) {
    return (
      <Suspense>
        <DerivedView derived={derived} />
      </Suspense>
    );
  }
  const document = readDocument(value);
  if (document) return <DocumentView document={document} />;
  return (
    <div className="mt-3">
      <ResultView value={value} />
    </div>
  );
}
