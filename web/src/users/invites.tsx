import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Invite } from "../../../src/client/index.ts";
import { Tag } from "../account/tag.tsx";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { formatDateTime } from "../format/format.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";

/** Unused invites. Shows nothing if there are none. */
export function Invites() {
  const common = useText().common;
  const words = useAccountText().users;
  const invites = useInfiniteQuery({
    queryKey: ["invites"],
    queryFn: ({ pageParam, signal }) => client.admin.invites({ cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const list = invites.data?.pages.flatMap((page) => page.items) ?? [];
  if (list.length === 0) return null;
  return (
    <section>
      <h2 className="mb-3 font-semibold">{words.invites}</h2>
      <ul aria-label={words.invites} className="card divide-y divide-line overflow-hidden">
        {list.map((invite) => (
          <InviteRow key={invite.id} invite={invite} />
        ))}
      </ul>
      {invites.hasNextPage && (
        <Button className="mt-3" onClick={() => void invites.fetchNextPage()}>
          {common.loadMore}
        </Button>
      )}
    </section>
  );
}

function InviteRow({ invite: { id, email, role, expiresAt } }: { invite: Invite }) {
  const text = useAccountText();
  const words = text.users;
  const locale = useLocale();
  const queries = useQueryClient();
  const shown = email ?? words.inviteAny;
  const remove = useMutation({
    mutationFn: () => client.admin.removeInvite(id),
    onSuccess: () => announce(words.takenBack),
    onSettled: () => queries.invalidateQueries({ queryKey: ["invites"] }),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium break-all">{shown}</span>
          {role === "admin" && <Tag tone="accent">{text.roles.admin}</Tag>}
        </p>
        <p className="text-[0.8125rem] text-soft">{words.inviteUntil(formatDateTime(expiresAt, locale))}</p>
        {remove.error && <ProblemNotice problem={asProblem(remove.error)} />}
      </div>
      <Button
        size="small"
        disabled={remove.isPending}
        aria-label={words.takeBackNamed(shown)}
        onClick={() => remove.mutate()}
      >
        {words.takeBack}
      </Button>
    </li>
  );
}
