import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Role, User, UserChange } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { Choices } from "../ui/choices.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { draftsOf, isValidQuota, quotaNames, quotasOf } from "./quota-drafts.ts";
import { QuotaFields } from "./quota-fields.tsx";
import { UserActions } from "./user-actions.tsx";

const roles: readonly Role[] = ["user", "admin"];

interface Props {
  user: User;
  shown: string;
  isMe: boolean;
  onClose(): void;
}

/** An admin's actions on a user. */
export function UserDialog({ user, shown, isMe, onClose }: Props) {
  return (
    <Dialog title={shown} onClose={onClose}>
      <div className="-mx-1 overflow-y-auto px-1 pb-1">
        <UserForm user={user} shown={shown} isMe={isMe} onSaved={onClose} />
        <UserActions user={user} shown={shown} isMe={isMe} onDone={onClose} />
      </div>
    </Dialog>
  );
}

function UserForm({ user, shown, isMe, onSaved }: Omit<Props, "onClose"> & { onSaved(): void }) {
  const text = useAccountText();
  const words = text.users;
  const queries = useQueryClient();
  const [role, setRole] = useState<Role>(user.role);
  const [drafts, setDrafts] = useState(() => draftsOf(user.quotas));
  const save = useMutation({
    mutationFn() {
      // Setting a role ends all sessions, even if it does not change.
      const change: UserChange = { quotas: quotasOf(drafts), ...(role !== user.role && { role }) };
      return client.admin.changeUser(user.id, change);
    },
    async onSuccess() {
      announce(words.saved(shown));
      await queries.invalidateQueries({ queryKey: ["users"] });
      onSaved();
    },
  });
  const faults = Object.fromEntries(
    quotaNames.map((name) => [name, isValidQuota(name, drafts[name]) ? null : text.faults.number]),
  ) as Record<(typeof quotaNames)[number], string | null>;
  const form = useCheckedForm(faults, () => !save.isPending && save.mutate());
  return (
    <form {...form.props} className="space-y-5">
      {!isMe && (
        <Choices<Role>
          label={words.role}
          hint={words.roleHint}
          choices={roles.map((value) => ({ value, label: text.roles[value] }))}
          value={role}
          onChange={setRole}
        />
      )}
      <QuotaFields drafts={drafts} fault={form.fault} onChange={setDrafts} />
      {save.error && <ProblemNotice problem={asProblem(save.error)} words={words.problems} />}
      <Button look="primary" type="submit" aria-disabled={save.isPending}>
        {words.save}
      </Button>
    </form>
  );
}
