import { type ReactNode, Suspense } from "react";
import type { ConsoleSection } from "../router/routes.ts";
import { CrashBoundary } from "../shell/crash.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { AuditPage } from "./audit-page.tsx";
import { ConsoleNav } from "./console-nav.tsx";
import { DeadLettersPage } from "./dead-letters-page.tsx";
import { EndpointsPage } from "./endpoints-page.tsx";
import { AllJobsPage } from "./jobs-page.tsx";
import { useLiveConsole } from "./live.ts";
import { OperationPage } from "./operation-page.tsx";
import { OperationsPage } from "./operations-page.tsx";
import { OverviewPage } from "./overview-page.tsx";
import { QueuesPage } from "./queues-page.tsx";
import { ReplicasPage } from "./replicas-page.tsx";
import { TimelinePage } from "./timeline-page.tsx";
import { WorkersPage } from "./workers-page.tsx";

interface Props {
  section: ConsoleSection;
  id: string | null;
}

export function ConsolePage({ section, id }: Props) {
  useLiveConsole();
  return (
    <div className="gap-10 lg:grid lg:grid-cols-[10.5rem_minmax(0,1fr)]">
      <ConsoleNav section={section} />
      <div className="min-w-0">
        <CrashBoundary key={`${section} ${id}`}>
          <Suspense fallback={<Skeleton rows={3} height="8rem" />}>{pageOf(section, id)}</Suspense>
        </CrashBoundary>
      </div>
    </div>
  );
}

function pageOf(section: ConsoleSection, id: string | null): ReactNode {
  switch (section) {
    case "overview":
      return <OverviewPage />;
    case "queues":
      return <QueuesPage />;
    case "workers":
      return <WorkersPage />;
    case "jobs":
      return id === null ? <AllJobsPage /> : <TimelinePage id={id} />;
    case "dead-letters":
      return <DeadLettersPage />;
    case "operations":
      return id === null ? <OperationsPage /> : <OperationPage id={id} />;
    case "webhooks":
      return <EndpointsPage id={id} />;
    case "replicas":
      return <ReplicasPage />;
    case "audit":
      return <AuditPage />;
  }
}
