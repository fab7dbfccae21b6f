import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Me } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useText } from "../i18n/locale.ts";
import { forget } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { Dialog } from "../ui/dialog.tsx";
import { PasswordField } from "../ui/password-field.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Section } from "./section.tsx";

export function DeleteSection({ me }: { me: Me }) {
  const words = useAccountText().account;
  const [asking, setAsking] = useState(false);
  return (
    <Section title={words.delete} hint={words.deleteHint}>
      <Button icon="trash" onClick={() => setAsking(true)}>
        {words.delete}…
      </Button>
      {asking && <DeleteDialog me={me} onClose={() => setAsking(false)} />}
    </Section>
  );
}

function DeleteDialog({ me, onClose }: { me: Me; onClose(): void }) {
  const text = useText();
  const accountText = useAccountText();
  const words = accountText.account;
  const [password, setPassword] = useState("");
  const remove = useMutation({
    mutationFn: () => client.account.remove(me.hasPassword ? { password } : {}),
    onSuccess: () => forget(),
  });
  const form = useCheckedForm(
    { password: me.hasPassword && password === "" ? accountText.faults.noPassword : null },
    () => !remove.isPending && remove.mutate(),
  );
  return (
    <Dialog title={words.deleteTitle} onClose={onClose}>
      <form {...form.props} className="space-y-4">
        <p className="text-soft">{words.deleteMessage}</p>
        {me.hasPassword && (
          <PasswordField
            label={accountText.password}
            hint={words.deletePassword}
            autoComplete="current-password"
            error={form.fault("password")}
            value={password}
            onChange={setPassword}
          />
        )}
        {remove.error && (
          <ProblemNotice
            problem={asProblem(remove.error)}
            words={{ ...words.changeProblems, ...words.deleteProblems }}
          />
        )}
        <div className="flex flex-wrap justify-end gap-2 pt-2">
          <Button onClick={onClose}>{text.common.keep}</Button>
          <Button look="danger" type="submit" aria-disabled={remove.isPending}>
            {words.deleteAction}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
