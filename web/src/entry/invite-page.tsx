import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { forget, useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { AccountForm } from "./account-form.tsx";
import { CheckMail } from "./check-mail.tsx";
import { EntryFrame } from "./entry-frame.tsx";
import type { EntryProps } from "./means.ts";
import { Providers } from "./providers.tsx";
import { useNewAccount } from "./use-new-account.ts";

export function InvitePage({ means, token }: EntryProps) {
  const text = useAccountText();
  const words = text.invite;
  const me = useMe();
  const create = useNewAccount();
  const invite = useQuery({
    queryKey: ["invite", token],
    queryFn: ({ signal }) => client.account.invite(token, { signal }),
    enabled: token !== "" && !create.isSuccess,
    staleTime: Number.POSITIVE_INFINITY,
  });

  useEffect(() => {
    if (create.data === "in") navigate(paths.convert, { replace: true });
  }, [create.data]);

  if (token === "") return <EntryFrame title={words.missing} intro={words.missingHint} focusTitle />;
  if (create.data === "mail") {
    return (
      <CheckMail
        title={text.register.checkTitle}
        words={text.register.check(create.variables?.email ?? "")}
      />
    );
  }
  if (me && !create.isPending && !create.isSuccess) {
    return (
      <EntryFrame title={words.title} focusTitle>
        <p>{words.loggedIn(me.name || (me.email ?? ""))}</p>
        <Button
          className="mt-4"
          icon="leave"
          onClick={() => void client.account.logout().then(() => forget(location.pathname + location.hash))}
        >
          {text.account.logOut}
        </Button>
      </EntryFrame>
    );
  }
  if (!invite.data) {
    return (
      <EntryFrame title={words.title} focusTitle>
        {invite.error ? (
          <ProblemNotice problem={asProblem(invite.error)} words={words.problems} />
        ) : (
          <Skeleton rows={1} height="16rem" />
        )}
      </EntryFrame>
    );
  }
  const { email, role } = invite.data;
  return (
    <EntryFrame title={words.title} intro={role === "admin" ? words.introAdmin : words.intro}>
      {means.password && (
        <AccountForm
          action={words.action}
          words={{ ...text.register.problems, ...words.problems }}
          create={create}
          invite={{ token, email }}
        />
      )}
      <Providers means={means} next={paths.convert} invite={token} />
    </EntryFrame>
  );
}
