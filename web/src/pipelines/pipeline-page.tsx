import { useQuery } from "@tanstack/react-query";
import { getPipeline } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Icon } from "../ui/icons.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { PipelineForm } from "./pipeline-form.tsx";
import { pipelineTitle } from "./title.ts";

export function PipelinePage({ name }: { name: string }) {
  const text = useText();
  const pipeline = useQuery({
    queryKey: ["pipelines", name],
    queryFn: ({ signal }) => getPipeline(name, signal),
    staleTime: 60_000,
  });
  return (
    <Page
      title={pipelineTitle(text, name, pipeline.data?.title)}
      intro={
        pipeline.data && (
          <>
            {pipeline.data.description && <span className="block">{pipeline.data.description}</span>}
            <span className="mt-1 block text-xs text-faint">
              <code className="font-mono">{name}</code> · {text.pipelines.version(pipeline.data.version)} ·{" "}
              {pipeline.data.steps.map((step) => step.name).join(" → ")}
            </span>
          </>
        )
      }
      actions={
        <Link
          href={paths.pipelines}
          className="order-first inline-flex w-full items-center gap-1 text-sm font-medium text-soft hover:text-ink"
        >
          <Icon name="left" className="-ml-1" />
          {text.pipelines.back}
        </Link>
      }
    >
      {pipeline.isPending && <Skeleton rows={2} height="10rem" />}
      {pipeline.error && !pipeline.data && (
        <ProblemNotice problem={asProblem(pipeline.error)} onRetry={() => void pipeline.refetch()} />
      )}
      {pipeline.data && <PipelineForm key={name} pipeline={pipeline.data} />}
    </Page>
  );
}
