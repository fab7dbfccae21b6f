import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { User } from "../../../src/client/index.ts";
import { Secret } from "../account/secret.tsx";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { formatDateTime } from "../format/format.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";

interface Props {
  user: User;
  shown: string;
  isMe: boolean;
  onDone(): void;
}

/** Password reset, and disabling or deleting the user. Admins cannot lock themselves out here. */
export function UserActions({ user, shown, isMe, onDone }: Props) {
  const words = useAccountText().users;
  const locale = useLocale();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const isActive = user.state === "active";
  const refresh = () => queries.invalidateQueries({ queryKey: ["users"] });
  const link = useMutation({ mutationFn: () => client.admin.makeResetLink(user.id) });
  const toggle = useMutation({
    mutationFn: () => client.admin.changeUser(user.id, { state: isActive ? "disabled" : "active" }),
    async onSuccess() {
      announce(words.saved(shown));
      await refresh();
      onDone();
    },
  });
  const remove = useMutation({
    mutationFn: () => client.admin.removeUser(user.id),
    async onSuccess() {
      announce(words.deleted(shown));
      await refresh();
      onDone();
    },
    onSettled: () => setAsking(false),
  });
  const error = link.error ?? toggle.error ?? remove.error;
  return (
    <div className="mt-6 space-y-3 border-t border-line pt-5">
      <div className="flex flex-wrap gap-2">
        <Button size="small" icon="key" disabled={link.isPending} onClick={() => link.mutate()}>
          {words.resetLink}
        </Button>
        {!isMe && (
          <>
            <Button size="small" icon="stop" disabled={toggle.isPending} onClick={() => toggle.mutate()}>
              {isActive ? words.disable : words.enable}
            </Button>
            <Button size="small" icon="trash" onClick={() => setAsking(true)}>
              {words.delete}…
            </Button>
          </>
        )}
      </div>
      {!isMe && isActive && <p className="text-xs text-faint">{words.disableHint}</p>}
      {link.data && (
        <Secret
          label={words.resetLinkMade(formatDateTime(link.data.expiresAt, locale))}
          value={link.data.url}
        />
      )}
      {error && <ProblemNotice problem={asProblem(error)} words={words.problems} />}
      {asking && (
        <Confirm
          title={words.deleteTitle(shown)}
          message={words.deleteMessage}
          action={words.deleteAction}
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
