import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Invite, Role } from "../../../src/client/index.ts";
import { Secret } from "../account/secret.tsx";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { EmailField, looksLikeEmail } from "../entry/email-field.tsx";
import { useMeans } from "../entry/means.ts";
import { formatDateTime } from "../format/format.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { Choices } from "../ui/choices.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";

const roles: readonly Role[] = ["user", "admin"];

type Made = Invite & { url: string };

export function InviteDialog({ onClose }: { onClose(): void }) {
  const words = useAccountText().users;
  const [made, setMade] = useState<Made | null>(null);
  return (
    <Dialog title={made ? words.inviteMade : words.inviteTitle} onClose={onClose}>
      {made ? <Ready invite={made} onClose={onClose} /> : <InviteForm onMade={setMade} />}
    </Dialog>
  );
}

function Ready({ invite: { email, expiresAt, url }, onClose }: { invite: Made; onClose(): void }) {
  const text = useText();
  const words = useAccountText().users;
  const locale = useLocale();
  const mail = useMeans().data?.mail === true;
  return (
    <div className="space-y-4">
      <p className="text-soft">
        {words.inviteMadeHint(formatDateTime(expiresAt, locale))}
        {mail && email !== null && ` ${words.inviteMailed(email)}`}
      </p>
      <Secret label={words.linkLabel} value={url} autoFocus />
      <Button look="primary" onClick={onClose}>
        {text.common.close}
      </Button>
    </div>
  );
}

function InviteForm({ onMade }: { onMade(invite: Made): void }) {
  const text = useAccountText();
  const words = text.users;
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("user");
  const given = email.trim();
  const create = useMutation({
    mutationFn: () => client.admin.invite({ email: given || null, role }),
    onSuccess(invite) {
      void queries.invalidateQueries({ queryKey: ["invites"] });
      onMade(invite);
    },
  });
  const form = useCheckedForm(
    { email: given === "" || looksLikeEmail(given) ? null : text.faults.email },
    () => !create.isPending && create.mutate(),
  );
  return (
    <form {...form.props} className="space-y-5">
      <EmailField
        label={words.inviteEmail}
        optional
        hint={words.inviteEmailHint}
        autoFocus
        error={form.fault("email")}
        value={email}
        onChange={setEmail}
      />
      <Choices<Role>
        label={words.role}
        hint={words.roleHint}
        choices={roles.map((value) => ({ value, label: text.roles[value] }))}
        value={role}
        onChange={setRole}
      />
      {create.error && <ProblemNotice problem={asProblem(create.error)} />}
      <Button look="primary" type="submit" aria-disabled={create.isPending}>
        {words.inviteAction}
      </Button>
    </form>
  );
}
