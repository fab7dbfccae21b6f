import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Me } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useMeans } from "../entry/means.ts";
import { isLongEnough, NewPasswordField } from "../entry/new-password-field.tsx";
import { useAccountText } from "../i18n/account-text.ts";
import { keepFresh, reloadMe } from "../session/session.ts";
import { announce } from "../ui/announce.tsx";
import { Button, LinkButton } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { Icon } from "../ui/icons.tsx";
import { PasswordField } from "../ui/password-field.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Section } from "./section.tsx";

export function PasswordSection({ me }: { me: Me }) {
  const text = useAccountText();
  const means = useMeans().data;
  const words = text.account;
  if (!means) return null;
  return (
    <Section title={words.passwordTitle} hint={words.passwordSection}>
      <div className="card space-y-6 p-5">
        {means.password && <PasswordForm me={me} />}
        {means.providers.length > 0 && (
          <div>
            <h3 className="mb-2.5 text-[0.8125rem] font-medium">{words.otherWays}</h3>
            <div className="flex flex-wrap gap-2.5">
              {means.providers.map(({ id, title }) => (
                <LinkButton key={id} href={`/v1/auth/oidc/${encodeURIComponent(id)}?link=1`}>
                  {words.link(title)}
                </LinkButton>
              ))}
            </div>
          </div>
        )}
      </div>
    </Section>
  );
}

function PasswordForm({ me }: { me: Me }) {
  const text = useAccountText();
  const queries = useQueryClient();
  const words = text.account;
  const [present, setPresent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    async mutationFn() {
      const given = { ...(me.hasPassword && { password: present }), newPassword: next };
      keepFresh(await client.account.changePassword(given));
      await reloadMe();
    },
    onSuccess() {
      setPresent("");
      setNext("");
      form.reset();
      announce(words.changed);
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const form = useCheckedForm(
    {
      present: me.hasPassword && present === "" ? text.faults.noPassword : null,
      next: isLongEnough(next) ? null : text.faults.shortPassword,
    },
    () => !change.isPending && change.mutate(),
  );
  return (
    <form {...form.props} className="max-w-sm space-y-4">
      {/* Tells password managers whose password it is. */}
      <input type="text" autoComplete="username" value={me.email ?? ""} readOnly hidden />
      {me.hasPassword && (
        <PasswordField
          label={words.present}
          autoComplete="current-password"
          error={form.fault("present")}
          value={present}
          onChange={setPresent}
        />
      )}
      <NewPasswordField label={text.newPassword} error={form.fault("next")} value={next} onChange={setNext} />
      {change.error && (
        <ProblemNotice problem={asProblem(change.error)} words={{ ...text.weak, ...words.changeProblems }} />
      )}
      <Button type="submit" aria-disabled={change.isPending}>
        {me.hasPassword ? words.change : words.setFirst}
      </Button>
      {change.isSuccess && next === "" && (
        <p className="flex items-center gap-2 text-sm text-good">
          <Icon name="check" className="shrink-0" />
          {words.changed}
        </p>
      )}
    </form>
  );
}
