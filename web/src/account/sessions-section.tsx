import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Session } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { logOut } from "../session/session.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { deviceOf } from "./device.ts";
import { Section } from "./section.tsx";
import { Tag } from "./tag.tsx";

export function SessionsSection() {
  const text = useAccountText();
  const words = text.account;
  const [asking, setAsking] = useState(false);
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => client.account.sessions({ signal }),
  });
  const everywhere = useMutation({ mutationFn: () => logOut({ everywhere: true }) });
  return (
    <Section
      title={words.sessions}
      hint={words.sessionsHint}
      actions={
        <Button size="small" icon="leave" onClick={() => setAsking(true)}>
          {words.everywhere}
        </Button>
      }
    >
      {sessions.isPending && <Skeleton rows={2} height="4.5rem" />}
      {sessions.error && !sessions.data && (
        <ProblemNotice problem={asProblem(sessions.error)} onRetry={() => void sessions.refetch()} />
      )}
      {sessions.data && (
        <ul aria-label={words.sessions} className="card divide-y divide-line overflow-hidden">
          {sessions.data.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </ul>
      )}
      {everywhere.error && (
        <div className="mt-4">
          <ProblemNotice problem={asProblem(everywhere.error)} />
        </div>
      )}
      {asking && (
        <Confirm
          title={words.everywhereTitle}
          message={words.everywhereMessage}
          action={words.everywhere}
          busy={everywhere.isPending}
          onConfirm={() => everywhere.mutate(undefined, { onError: () => setAsking(false) })}
          onClose={() => setAsking(false)}
        />
      )}
    </Section>
  );
}

function SessionRow({ session }: { session: Session }) {
  const text = useAccountText();
  const locale = useLocale();
  const now = useNow(15_000);
  const queries = useQueryClient();
  const words = text.account;
  const device = useDeviceName(session.device);
  const end = useMutation({
    mutationFn: () => client.account.endSession(session.id),
    onSuccess: () => announce(words.sessionEnded(device)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const facts = [
    session.address,
    words.lastUsed(formatRelative(session.lastUsedAt, now, locale)),
    words.begun(formatRelative(session.createdAt, now, locale)),
  ];
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3.5 sm:px-5">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 font-medium" title={session.device}>
          {device}
          {session.isThis && <Tag tone="accent">{words.thisOne}</Tag>}
        </p>
        <p className="text-[0.8125rem] text-soft tabular-nums">{facts.join(" · ")}</p>
        {end.error && <ProblemNotice problem={asProblem(end.error)} />}
      </div>
      {!session.isThis && (
        <Button
          size="small"
          disabled={end.isPending}
          aria-label={words.endSessionOf(device)}
          onClick={() => end.mutate()}
        >
          {words.endSession}
        </Button>
      )}
    </li>
  );
}

function useDeviceName(agent: string): string {
  const words = useAccountText().account;
  const { browser, system } = deviceOf(agent);
  if (browser && system) return words.on(browser, system);
  return browser ?? system ?? (agent.slice(0, 60) || words.unknownDevice);
}
