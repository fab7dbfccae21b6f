import { useInfiniteQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Me } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";
import { TextInput } from "../ui/inputs.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { Invites } from "./invites.tsx";
import { UserRow } from "./user-row.tsx";

/** User management for admins. */
export function UsersPage({ me }: { me: Me }) {
  const common = useText().common;
  const words = useAccountText().users;
  const [email, setEmail] = useState("");
  const [inviting, setInviting] = useState(false);
  const users = useInfiniteQuery({
    queryKey: ["users", email],
    queryFn: ({ pageParam, signal }) =>
      client.admin.users({ email, limit: 50, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (before) => before,
  });
  const list = users.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title={words.title}
      intro={words.intro}
      actions={
        <Button look="primary" icon="plus" onClick={() => setInviting(true)}>
          {words.invite}
        </Button>
      }
    >
      <div className="space-y-8">
        <Invites />
        <div>
          <Search email={email} onSearch={setEmail} />
          {users.isPending && <Skeleton rows={3} height="4.5rem" />}
          {users.error && list.length === 0 && (
            <ProblemNotice problem={asProblem(users.error)} onRetry={() => void users.refetch()} />
          )}
          {users.data && list.length === 0 && (
            <Empty icon="users" title={words.nobody}>
              <p className="mt-1 text-soft">{words.nobodyHint}</p>
            </Empty>
          )}
          {list.length > 0 && (
            <ul aria-label={words.list} className="card divide-y divide-line overflow-hidden">
              {list.map((user) => (
                <UserRow key={user.id} user={user} isMe={user.id === me.id} />
              ))}
            </ul>
          )}
          {users.hasNextPage && (
            <div className="mt-5 text-center">
              <Button onClick={() => void users.fetchNextPage()} disabled={users.isFetchingNextPage}>
                {common.loadMore}
              </Button>
            </div>
          )}
        </div>
      </div>
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  );
}

function Search({ email, onSearch }: { email: string; onSearch(email: string): void }) {
  const words = useAccountText().users;
  const [typed, setTyped] = useState(email);
  function send(event: FormEvent): void {
    event.preventDefault();
    onSearch(typed.trim());
  }
  return (
    <search>
      <form className="mb-4 flex max-w-lg flex-wrap gap-2" onSubmit={send}>
        <TextInput
          type="search"
          aria-label={words.search}
          placeholder={words.search}
          autoCapitalize="none"
          spellCheck={false}
          className="flex-1 basis-52"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit">{words.searchAction}</Button>
        {email !== "" && (
          <Button
            look="quiet"
            onClick={() => {
              setTyped("");
              onSearch("");
            }}
          >
            {words.all}
          </Button>
        )}
      </form>
    </search>
  );
}
