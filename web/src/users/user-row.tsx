import { useState } from "react";
import type { User } from "../../../src/client/index.ts";
import { Tag } from "../account/tag.tsx";
import { formatDate, formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { UserDialog } from "./user-dialog.tsx";

export function UserRow({ user, isMe }: { user: User; isMe: boolean }) {
  const text = useAccountText();
  const words = text.users;
  const locale = useLocale();
  const now = useNow(60_000);
  const [managing, setManaging] = useState(false);
  const { email, name, role, state, createdAt, lastLoginAt } = user;
  const shown = email ?? (name || words.noEmail);
  const facts = [
    name !== shown && name,
    lastLoginAt === null ? words.neverLogin : words.lastLogin(formatRelative(lastLoginAt, now, locale)),
    words.joined(formatDate(createdAt, locale)),
  ];
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3.5 sm:px-5">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium break-all">{shown}</span>
          {role === "admin" && <Tag tone="accent">{text.roles.admin}</Tag>}
          {state !== "active" && <Tag tone="warn">{words.states[state]}</Tag>}
          {isMe && <Tag>{words.you}</Tag>}
        </p>
        <p className="text-[0.8125rem] text-soft tabular-nums">{facts.filter(Boolean).join(" · ")}</p>
      </div>
      {state !== "deleting" && (
        <Button size="small" aria-label={words.manageNamed(shown)} onClick={() => setManaging(true)}>
          {words.manage}
        </Button>
      )}
      {managing && <UserDialog user={user} shown={shown} isMe={isMe} onClose={() => setManaging(false)} />}
    </li>
  );
}
