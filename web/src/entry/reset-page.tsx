import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { useSession } from "../session/session.ts";
import { Button, LinkButton } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { linkLook } from "../ui/classes.ts";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { CheckMail } from "./check-mail.tsx";
import { EmailField, looksLikeEmail } from "./email-field.tsx";
import { EntryFrame } from "./entry-frame.tsx";
import type { EntryProps } from "./means.ts";
import { isLongEnough, NewPasswordField } from "./new-password-field.tsx";

export function ResetPage({ means, token }: EntryProps) {
  const text = useAccountText();
  if (!means.password)
    return <EntryFrame title={text.reset.title} intro={text.noPasswords} after={<Back />} focusTitle />;
  if (token !== "") return <NewPassword token={token} />;
  if (!means.mail)
    return <EntryFrame title={text.reset.title} intro={text.reset.noMail} after={<Back />} focusTitle />;
  return <AskForLink />;
}

function AskForLink() {
  const text = useAccountText();
  const [email, setEmail] = useState("");
  const ask = useMutation({ mutationFn: () => client.account.reset({ email: email.trim() }) });
  const form = useCheckedForm({ email: looksLikeEmail(email) ? null : text.faults.email }, () =>
    ask.mutate(),
  );
  if (ask.isSuccess) return <CheckMail title={text.reset.sentTitle} words={text.reset.sent(email.trim())} />;
  return (
    <EntryFrame title={text.reset.title} intro={text.reset.intro} after={<Back />}>
      <form {...form.props} className="space-y-4">
        <EmailField value={email} autoFocus error={form.fault("email")} onChange={setEmail} />
        {ask.error && <ProblemNotice problem={asProblem(ask.error)} words={text.login.problems} />}
        <Button look="primary" type="submit" className="w-full" aria-disabled={ask.isPending}>
          {text.reset.send}
        </Button>
      </form>
    </EntryFrame>
  );
}

function NewPassword({ token }: { token: string }) {
  const text = useAccountText();
  const { phase } = useSession();
  const [password, setPassword] = useState("");
  const set = useMutation({ mutationFn: () => client.account.reset({ token, password }) });
  const fault = isLongEnough(password) ? null : text.faults.shortPassword;
  const form = useCheckedForm({ password: fault }, () => !set.isPending && set.mutate());
  if (set.isSuccess) {
    return (
      <EntryFrame title={text.reset.doneTitle} intro={text.reset.done} focusTitle>
        {/* All sessions have ended, so reload the page. */}
        <LinkButton look="primary" href={paths.login} className="w-full">
          {text.login.title}
        </LinkButton>
      </EntryFrame>
    );
  }
  return (
    <EntryFrame
      title={text.reset.chooseTitle}
      intro={text.reset.choose}
      after={phase === "in" ? null : <Back />}
    >
      <form {...form.props} className="space-y-4">
        <NewPasswordField
          label={text.newPassword}
          autoFocus
          error={form.fault("password")}
          value={password}
          onChange={setPassword}
        />
        {set.error && (
          <ProblemNotice
            problem={asProblem(set.error)}
            words={{ ...text.login.problems, ...text.weak, ...text.reset.problems }}
          />
        )}
        <Button look="primary" type="submit" className="w-full" aria-disabled={set.isPending}>
          {text.reset.action}
        </Button>
      </form>
    </EntryFrame>
  );
}

function Back() {
  const text = useAccountText();
  return (
    <p>
      <Link href={paths.login} className={linkLook}>
        {text.toLogin}
      </Link>
    </p>
  );
}
