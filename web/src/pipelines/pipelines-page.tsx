import { useQuery } from "@tanstack/react-query";
import { listPipelines } from "../api/client.ts";
import type { Pipeline } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { pipelineTitle } from "./title.ts";
import { useAcceptsWords } from "./use-accepts-words.ts";

export function PipelinesPage() {
  const text = useText();
  const pipelines = useQuery({ queryKey: ["pipelines"], queryFn: ({ signal }) => listPipelines(signal) });
  return (
    <Page title={text.pipelines.title} intro={text.pipelines.intro}>
      {pipelines.isPending && <Skeleton rows={3} height="8rem" />}
      {pipelines.error && !pipelines.data && (
        <ProblemNotice problem={asProblem(pipelines.error)} onRetry={() => void pipelines.refetch()} />
      )}
      {pipelines.data?.length === 0 && <Empty icon="flow" title={text.pipelines.empty} />}
      <ul className="grid gap-4 sm:grid-cols-2">
        {pipelines.data?.map((pipeline) => (
          <PipelineCard key={pipeline.name} pipeline={pipeline} />
        ))}
      </ul>
    </Page>
  );
}

function PipelineCard({ pipeline }: { pipeline: Pipeline }) {
  const text = useText();
  const accepts = useAcceptsWords(pipeline.accepts);
  // Image conversion has a dedicated page.
  const href = pipeline.name === "image.convert" ? paths.convert : paths.pipeline(pipeline.name);
  return (
    <li className="card group relative flex gap-4 p-5 transition-colors hover:border-line-strong">
      <span className="flex size-11 shrink-0 items-center justify-center rounded-xl bg-accent-soft text-xl text-accent">
        <Icon name={pipeline.name.startsWith("image.") ? "images" : "flow"} />
      </span>
      <div className="min-w-0">
        <h2 className="font-semibold">
          <Link href={href} className="after:absolute after:inset-0 after:rounded-2xl">
            {pipelineTitle(text, pipeline.name, pipeline.title)}
          </Link>
        </h2>
        <p className="mt-0.5 text-xs text-faint">
          <code className="font-mono">{pipeline.name}</code> · {text.pipelines.version(pipeline.version)} ·{" "}
          {text.pipelines.steps(pipeline.steps.length)}
        </p>
        {pipeline.description && <p className="mt-2.5 text-sm text-soft">{pipeline.description}</p>}
        <p className="mt-2.5 text-xs text-soft">{accepts}</p>
      </div>
    </li>
  );
}
