import { ConvertPage } from "./convert/convert-page.tsx";
import { JobPage } from "./job/job-page.tsx";
import { JobsPage } from "./jobs/jobs-page.tsx";
import { PipelinePage } from "./pipelines/pipeline-page.tsx";
import { PipelinesPage } from "./pipelines/pipelines-page.tsx";
import { useRoute } from "./router/router.ts";
import { SchedulesPage } from "./schedules/schedules-page.tsx";
import { CrashBoundary } from "./shell/crash.tsx";
import { MissingPage } from "./shell/missing-page.tsx";
import { Shell } from "./shell/shell.tsx";

export function App() {
  return (
    <Shell>
      <CurrentPage />
    </Shell>
  );
}

function CurrentPage() {
  const route = useRoute();
  return <CrashBoundary key={JSON.stringify(route)}>{pageOf(route)}</CrashBoundary>;
}

function pageOf(route: ReturnType<typeof useRoute>) {
  switch (route.page) {
    case "convert":
      return <ConvertPage />;
    case "jobs":
      return <JobsPage />;
    case "job":
      return <JobPage id={route.id} />;
    case "pipelines":
      return <PipelinesPage />;
    case "pipeline":
      return <PipelinePage name={route.name} />;
    case "schedules":
      return <SchedulesPage />;
    case "missing":
      return <MissingPage />;
  }
}
