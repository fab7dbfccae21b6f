import { useEffect } from "react";
import { useAccountText } from "../i18n/account-text.ts";
import { Link } from "../router/link.tsx";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { useSession } from "../session/session.ts";
import { linkLook } from "../ui/classes.ts";
import { AccountForm } from "./account-form.tsx";
import { CheckMail } from "./check-mail.tsx";
import { EntryFrame } from "./entry-frame.tsx";
import type { EntryProps } from "./means.ts";
import { Providers } from "./providers.tsx";
import { useNewAccount } from "./use-new-account.ts";

export function RegisterPage({ means }: EntryProps) {
  const text = useAccountText();
  const { phase } = useSession();
  const create = useNewAccount();

  useEffect(() => {
    if (phase === "in") navigate(paths.convert, { replace: true });
  }, [phase]);

  if (create.data === "mail") {
    return (
      <CheckMail
        title={text.register.checkTitle}
        words={text.register.check(create.variables?.email ?? "")}
      />
    );
  }
  const after = (
    <p>
      {text.register.have}{" "}
      <Link href={paths.login} className={linkLook}>
        {text.login.title}
      </Link>
    </p>
  );
  if (means.registration !== "open") {
    const why = means.registration === "invite" ? text.login.byInvite : text.login.closed;
    return <EntryFrame title={text.register.title} intro={why} after={after} focusTitle />;
  }
  return (
    <EntryFrame title={text.register.title} after={after} focusTitle={!means.password}>
      {means.password && (
        <AccountForm action={text.register.action} words={text.register.problems} create={create} />
      )}
      <Providers means={means} next={paths.convert} />
    </EntryFrame>
  );
}
