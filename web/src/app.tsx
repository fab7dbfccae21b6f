import { lazy, Suspense } from "react";
import { ConvertPage } from "./convert/convert-page.tsx";
import { useRoute } from "./router/router.ts";
import type { Route } from "./router/routes.ts";
import { Gate } from "./session/gate.tsx";
import { type SessionState, useSession } from "./session/session.ts";
import { CrashBoundary } from "./shell/crash.tsx";
import { MissingPage } from "./shell/missing-page.tsx";
import { Shell } from "./shell/shell.tsx";
import { Skeleton } from "./ui/skeleton.tsx";

// Load only what a first visit shows. The rest loads on demand or when idle.
const loadJobPage = async () => ({ default: (await import("./job/job-page.tsx")).JobPage });
const loadJobsPage = async () => ({ default: (await import("./jobs/jobs-page.tsx")).JobsPage });
const JobPage = lazy(loadJobPage);
const JobsPage = lazy(loadJobsPage);
const PipelinePage = lazy(async () => ({
  default: (await import("./pipelines/pipeline-page.tsx")).PipelinePage,
}));
const PipelinesPage = lazy(async () => ({
  default: (await import("./pipelines/pipelines-page.tsx")).PipelinesPage,
}));
const SchedulesPage = lazy(async () => ({
  default: (await import("./schedules/schedules-page.tsx")).SchedulesPage,
}));
const EntryPage = lazy(async () => ({ default: (await import("./entry/entry-page.tsx")).EntryPage }));
const EndedDialog = lazy(async () => ({ default: (await import("./entry/ended-dialog.tsx")).EndedDialog }));
const AccountPage = lazy(async () => ({ default: (await import("./account/account-page.tsx")).AccountPage }));
const UsersPage = lazy(async () => ({ default: (await import("./users/users-page.tsx")).UsersPage }));
const WebhooksPage = lazy(async () => ({
  default: (await import("./webhooks/webhooks-page.tsx")).WebhooksPage,
}));
const NotificationsPage = lazy(async () => ({
  default: (await import("./notifications/notifications-page.tsx")).NotificationsPage,
}));
const ConsolePage = lazy(async () => ({
  default: (await import("./console/console-page.tsx")).ConsolePage,
}));

/** Preload the pages that follow a submission, because the server may be unreachable by then. */
addEventListener("load", () =>
  setTimeout(() => void Promise.all([loadJobPage(), loadJobsPage()]).catch(() => {}), 1_500),
);

export function App() {
  return (
    <Shell>
      <Gate>
        <CurrentPage />
      </Gate>
      <Ended />
    </Shell>
  );
}

function CurrentPage() {
  const route = useRoute();
  const session = useSession();
  return (
    <CrashBoundary key={route.page === "console" ? route.page : JSON.stringify(route)}>
      <Suspense fallback={<Skeleton rows={3} height="8rem" />}>{pageOf(route, session)}</Suspense>
    </CrashBoundary>
  );
}

function pageOf(route: Route, session: SessionState) {
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
    case "webhooks":
      return <WebhooksPage id={route.id} />;
    case "notifications":
      return <NotificationsPage />;
    case "console":
      return session.phase === "in" && session.me.role !== "admin" ? (
        <MissingPage />
      ) : (
        <ConsolePage section={route.section} id={route.id} />
      );
    case "missing":
      return <MissingPage />;
    case "account":
      return session.phase === "in" ? <AccountPage me={session.me} /> : <MissingPage />;
    case "users":
      return session.phase === "in" && session.me.role === "admin" ? (
        <UsersPage me={session.me} />
      ) : (
        <MissingPage />
      );
    default:
      return <EntryPage page={route.page} />;
  }
}

function Ended() {
  const session = useSession();
  if (session.phase !== "in" || !session.ended) return null;
  return (
    <Suspense fallback={null}>
      <EndedDialog me={session.me} />
    </Suspense>
  );
}
