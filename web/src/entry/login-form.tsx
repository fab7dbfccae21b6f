import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { logIn } from "../session/session.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { PasswordField } from "../ui/password-field.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { EmailField, looksLikeEmail } from "./email-field.tsx";

interface Props {
  /** The only address that may log in here. */
  email?: string;
}

export function LoginForm({ email: fixed }: Props) {
  const text = useAccountText();
  const [email, setEmail] = useState(fixed ?? "");
  const [password, setPassword] = useState("");
  const passwordFrame = useRef<HTMLDivElement>(null);
  const login = useMutation({
    mutationFn: () => logIn({ email: email.trim(), password }),
    onError: () => passwordFrame.current?.querySelector("input")?.select(),
  });
  const again = useMutation({
    mutationFn: () => client.account.verify({ email: email.trim() }),
    onSuccess: () => announce(text.login.sent),
  });
  const send = () => !login.isPending && login.mutate();
  const form = useCheckedForm(
    {
      email: looksLikeEmail(email) ? null : text.faults.email,
      password: password === "" ? text.faults.noPassword : null,
    },
    send,
  );
  const problem = login.error && asProblem(login.error);
  const waits = problem?.retryAfter != null;
  return (
    <form {...form.props} className="space-y-4">
      <EmailField
        value={email}
        fixed={fixed !== undefined}
        autoFocus={fixed === undefined}
        error={form.fault("email")}
        onChange={setEmail}
      />
      <div ref={passwordFrame}>
        <PasswordField
          label={text.password}
          autoComplete="current-password"
          name="password"
          autoFocus={fixed !== undefined}
          error={form.fault("password")}
          value={password}
          onChange={setPassword}
        />
      </div>
      {problem && (
        <ProblemNotice problem={problem} words={text.login.problems} onRetry={waits ? send : undefined}>
          {problem.code === "email_unverified" && (
            <Button size="small" icon="mail" disabled={again.isPending} onClick={() => again.mutate()}>
              {again.isSuccess ? text.login.sent : text.login.sendAgain}
            </Button>
          )}
        </ProblemNotice>
      )}
      <Button look="primary" type="submit" className="w-full" aria-disabled={login.isPending}>
        {text.login.action}
      </Button>
    </form>
  );
}
