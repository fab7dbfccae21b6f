import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { getPipeline } from "../api/client.ts";
import { hasEnded, type Job, type Json } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { DownloadNote } from "../downloads/download-note.tsx";
import { useDownloads } from "../downloads/use-downloads.ts";
import { formatPercent, formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { OutputList } from "../outputs/output-list.tsx";
import { pipelineTitle } from "../pipelines/title.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { announce } from "../ui/announce.tsx";
import { Icon } from "../ui/icons.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { AnswerView, StreamedText } from "./answer.tsx";
import { readAnswer } from "./answer-result.ts";
import { Compare } from "./compare.tsx";
import { ItemList } from "./item-list.tsx";
import { JobActions } from "./job-actions.tsx";
import { JobDetails } from "./job-details.tsx";
import { endWords, JobProgress } from "./job-progress.tsx";
import { jobFraction, type LiveItems } from "./live-progress.ts";
import { Children, Parent } from "./related-jobs.tsx";
import { readReport } from "./report.ts";
import { ReportView } from "./report-view.tsx";
import { ResultView } from "./result-view.tsx";
import { StepList } from "./step-list.tsx";
import { jobTitle } from "./title.ts";
import { type ItemFilter, useItems, useJob } from "./use-job.ts";
import { Warnings } from "./warnings.tsx";

/** Index in events that stands for the whole job. */
const JOB_ITEM = -1;

export function JobPage({ id }: { id: string }) {
  const text = useText();
  const { job, error, refetch, live } = useJob(id);
  if (!job) {
    return (
      <Page title={text.job.id}>
        {error ? (
          <ProblemNotice problem={asProblem(error)} onRetry={() => void refetch()}>
            <Link href={paths.jobs} className="self-center text-sm font-medium text-accent underline">
              {text.job.back}
            </Link>
          </ProblemNotice>
        ) : (
          <Skeleton rows={4} height="7rem" />
        )}
      </Page>
    );
  }
  return <LoadedJob job={job} live={live} />;
}

function LoadedJob({ job, live }: { job: Job; live: LiveItems }) {
  const text = useText();
  const locale = useLocale();
  const now = useNow(15_000);
  const [filter, setFilter] = useState<ItemFilter>("");
  const [comparing, setComparing] = useState<number | null>(null);
  const { items, hasMore, more, loading } = useItems(job, filter);
  const pipeline = useQuery({
    queryKey: ["pipelines", job.pipeline],
    queryFn: ({ signal }) => getPipeline(job.pipeline, signal),
    staleTime: 60_000,
    retry: false,
  });
  const kind = pipelineTitle(text, job.pipeline, pipeline.data?.title);
  const title = jobTitle(text, job, kind);
  const ended = hasEnded(job);
  const downloads = useDownloads();
  const fraction = jobFraction(job.progress, job.items, live);
  useAnnouncements(job);

  return (
    <Page
      title={title}
      tabTitle={
        ended ? `${text.states[job.state]}: ${title}` : text.job.tab(formatPercent(fraction, locale), title)
      }
      intro={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <StateBadge state={job.state} />
          <span className="text-sm">
            {title !== kind && `${kind} · `}
            {text.job.created(formatRelative(job.createdAt ?? "", now, locale))}
          </span>
        </span>
      }
      actions={
        <Link
          href={paths.jobs}
          className="order-first inline-flex w-full items-center gap-1 text-sm font-medium text-soft hover:text-ink"
        >
          <Icon name="left" className="-ml-1" />
          {text.job.back}
        </Link>
      }
    >
      <div className="space-y-6">
        <section className="card p-5 sm:p-6">
          <JobProgress job={job} items={job.items} fraction={fraction} />
          <JobActions job={job} />
          {ended && (
            <DownloadNote
              job={job}
              title={title}
              fraction={downloads.get(job.id)}
              now={now}
              className="mt-3"
            />
          )}
          <Warnings warnings={job.warnings} />
          <Parent of={job.parent} />
          <Children of={job.children} />
        </section>
        <JobResult job={job} streamed={live.get(JOB_ITEM)?.text ?? ""} />
        <ItemList
          job={job}
          items={items}
          live={live}
          filter={filter}
          onFilter={setFilter}
          onCompare={setComparing}
          hasMore={hasMore}
          onMore={more}
          loading={loading}
        />
        <JobDetails job={job} />
      </div>
      {comparing !== null && (
        <Compare items={items} index={comparing} onMove={setComparing} onClose={() => setComparing(null)} />
      )}
    </Page>
  );
}

/** Results of the job's own steps. */
function JobResult({ job, streamed }: { job: Job; streamed: string }) {
  const text = useText();
  const { result, resultFile, outputs, steps } = job;
  const answer = readAnswer(result);
  if (!hasEnded(job) && streamed !== "" && result === null) {
    return (
      <section aria-label={text.job.answer} className="card p-5 sm:p-6">
        <h2 className="mb-3 font-semibold">{text.job.answer}</h2>
        <StreamedText text={streamed} />
      </section>
    );
  }
  if (result === null && !resultFile && outputs.length === 0 && steps.length < 2) return null;
  const expired = job.state === "expired";
  const files = resultFile ? [...outputs, resultFile] : outputs;
  return (
    <section aria-label={answer ? text.job.answer : text.job.result} className="card p-5 sm:p-6">
      <h2 className="mb-3 font-semibold">{answer ? text.job.answer : text.job.result}</h2>
      <WholeResult value={result} />
      {!expired && <OutputList files={files} />}
      <StepList steps={steps} shown={files} expired={expired} />
    </section>
  );
}

function WholeResult({ value }: { value: Json }) {
  const answer = readAnswer(value);
  if (answer) return <AnswerView answer={answer} />;
  const report = readReport(value);
  if (report) return <ReportView report={report} />;
  return value !== null && <ResultView value={value} />;
}

/** Announces every 10% and the end to screen readers. */
function useAnnouncements(job: Job): void {
  const text = useText();
  const { done, total, failed } = job.progress;
  const ended = hasEnded(job);
  const tenth = Math.floor(((done + failed) / Math.max(1, total)) * 10);
  const words = ended ? endWords(text, job) : "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: announces each tenth, not each file
  useEffect(() => {
    if (ended) announce(words);
    else if (tenth > 0) announce(text.job.announce(done, total, failed));
  }, [tenth, ended, words]);
}
