import { lazy, Suspense } from "react";
import { ConvertPage } from "./convert/convert-page.tsx";
import { JobPage } from "./job/job-page.tsx";
import { JobsPage } from "./jobs/jobs-page.tsx";
import { PipelinePage } from "./pipelines/pipeline-page.tsx";
import { PipelinesPage } from "./pipelines/pipelines-page.tsx";
import { useRoute } from "./router/router.ts";
import type { Route } from "./router/routes.ts";
import { SchedulesPage } from "./schedules/schedules-page.tsx";
import { Gate } from "./session/gate.tsx";
import { type SessionState, useSession } from "./session/session.ts";
import { CrashBoundary } from "./shell/crash.tsx";
import { MissingPage } from "./shell/missing-page.tsx";
import { Shell } from "./shell/shell.tsx";
import { Skeleton } from "./ui/skeleton.tsx";

// What only servers with accounts show, or seldom, is loaded when it is.
const EntryPage = lazy(async () => ({ default: (await import("./entry/entry-page.tsx")).EntryPage }));
const EndedDialog = lazy(async () => ({ default: (await import("./entry/ended-dialog.tsx")).EndedDialog }));
const AccountPage = lazy(async () => ({ default: (await import("./account/account-page.tsx")).AccountPage }));
const UsersPage = lazy(async () => ({ default: (await import("./users/users-page.tsx")).UsersPage }));

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
    <CrashBoundary key={JSON.stringify(route)}>
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
