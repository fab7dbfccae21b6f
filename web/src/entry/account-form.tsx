import { type ReactNode, useState } from "react";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import type { Words } from "../i18n/words.ts";
import { Button } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { Field } from "../ui/field.tsx";
import { TextInput } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { EmailField, looksLikeEmail } from "./email-field.tsx";
import { isLongEnough, NewPasswordField } from "./new-password-field.tsx";
import type { NewAccount, useNewAccount } from "./use-new-account.ts";

interface Props {
  action: string;
  words: Partial<Words>;
  create: ReturnType<typeof useNewAccount>;
  /** Values that an invite determines. */
  invite?: { token: string; email: string | null };
  children?: ReactNode;
}

export function AccountForm({ action, words, create, invite, children }: Props) {
  const text = useAccountText();
  const settled = invite?.email ?? null;
  const [account, setAccount] = useState<NewAccount>({ name: "", email: settled ?? "", password: "" });
  const set = (change: Partial<NewAccount>) => setAccount((now) => ({ ...now, ...change }));
  const form = useCheckedForm(
    {
      email: looksLikeEmail(account.email) ? null : text.faults.email,
      password: isLongEnough(account.password) ? null : text.faults.shortPassword,
    },
    () => {
      const email = account.email.trim();
      if (!create.isPending) create.mutate({ ...account, email, ...(invite && { invite: invite.token }) });
    },
  );
  return (
    <form {...form.props} className="space-y-4">
      <EmailField
        value={account.email}
        fixed={settled !== null}
        hint={settled === null ? undefined : text.invite.onlyFor}
        autoFocus={settled === null}
        error={form.fault("email")}
        onChange={(email) => set({ email })}
      />
      <Field label={text.name} aside={<span className="text-xs text-faint">{text.optional}</span>}>
        {(ids) => (
          <TextInput
            {...ids}
            autoComplete="name"
            maxLength={100}
            autoFocus={settled !== null}
            value={account.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <NewPasswordField
        error={form.fault("password")}
        value={account.password}
        onChange={(password) => set({ password })}
      />
      {create.error && <ProblemNotice problem={asProblem(create.error)} words={{ ...text.weak, ...words }} />}
      <Button look="primary" type="submit" className="w-full" aria-disabled={create.isPending}>
        {action}
      </Button>
      {children}
    </form>
  );
}
