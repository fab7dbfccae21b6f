import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiKey, Me } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { formatDate, formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { KeyDialog } from "./key-dialog.tsx";
import { Section } from "./section.tsx";
import { Tag } from "./tag.tsx";

export function KeysSection({ me }: { me: Me }) {
  const common = useText().common;
  const text = useAccountText();
  const words = text.keys;
  const [making, setMaking] = useState(false);
  const keys = useInfiniteQuery({
    queryKey: ["keys"],
    queryFn: ({ pageParam, signal }) => client.account.keys({ cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const list = keys.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      title={words.title}
      hint={words.hint}
      actions={
        <Button size="small" icon="plus" onClick={() => setMaking(true)}>
          {words.create}
        </Button>
      }
    >
      {keys.isPending && <Skeleton rows={1} height="4.5rem" />}
      {keys.error && list.length === 0 && (
        <ProblemNotice problem={asProblem(keys.error)} onRetry={() => void keys.refetch()} />
      )}
      {keys.data && list.length === 0 && <p className="card p-5 text-sm text-soft">{words.empty}</p>}
      {list.length > 0 && (
        <ul aria-label={words.title} className="card divide-y divide-line overflow-hidden">
          {list.map((key) => (
            <KeyRow key={key.id} of={key} />
          ))}
        </ul>
      )}
      {keys.hasNextPage && (
        <Button className="mt-3" disabled={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>
          {common.loadMore}
        </Button>
      )}
      {making && <KeyDialog isAdmin={me.role === "admin"} onClose={() => setMaking(false)} />}
    </Section>
  );
}

function KeyRow({ of: { id, name, hint, scopes, expiresAt, lastUsedAt } }: { of: ApiKey }) {
  const words = useAccountText().keys;
  const locale = useLocale();
  const now = useNow(30_000);
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => client.account.removeKey(id),
    onSuccess: () => announce(words.revoked(name)),
    async onSettled() {
      await queries.invalidateQueries({ queryKey: ["keys"] });
      setAsking(false);
    },
  });
  const isOver = expiresAt !== null && Date.parse(expiresAt) <= now;
  const until = expiresAt === null ? words.never : words.expiresAt(formatDate(expiresAt, locale));
  const used = lastUsedAt === null ? words.unused : words.used(formatRelative(lastUsedAt, now, locale));
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3.5 sm:px-5">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium break-words">{name}</span>
          {scopes.map((scope) => (
            <Tag key={scope}>{words.scopeNames[scope]}</Tag>
          ))}
          {isOver && <Tag tone="warn">{words.expired}</Tag>}
        </p>
        <p className="text-[0.8125rem] text-soft tabular-nums">
          <code className="font-mono">{hint}…</code> · {used}
          {!isOver && ` · ${until}`}
        </p>
        {revoke.error && <ProblemNotice problem={asProblem(revoke.error)} />}
      </div>
      <Button size="small" aria-label={words.revokeNamed(name)} onClick={() => setAsking(true)}>
        {words.revoke}
      </Button>
      {asking && (
        <Confirm
          title={words.revokeTitle(name)}
          message={words.revokeMessage}
          action={words.revoke}
          busy={revoke.isPending}
          onConfirm={() => revoke.mutate()}
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  );
}
