import { useEffect, useState } from "react";
import { Problem, type ProblemCode } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { Link } from "../router/link.tsx";
import { navigate, useSearch } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { safePath, takeNext } from "../session/next.ts";
import { useSession } from "../session/session.ts";
import { linkLook } from "../ui/classes.ts";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { EntryFrame } from "./entry-frame.tsx";
import { LoginForm } from "./login-form.tsx";
import type { EntryProps } from "./means.ts";
import { Providers } from "./providers.tsx";

export function LoginPage({ means, token: failure }: EntryProps) {
  const text = useAccountText();
  const { phase } = useSession();
  const search = useSearch();
  const [next] = useState(() => safePath(search.get("next") ?? takeNext()));

  useEffect(() => {
    if (phase === "in") navigate(next, { replace: true });
  }, [phase, next]);

  return (
    <EntryFrame title={text.login.title} after={<OtherWays means={means} />} focusTitle={!means.password}>
      {failure !== "" && (
        <div className="mb-5">
          <ProblemNotice
            problem={new Problem({ code: failure as ProblemCode })}
            words={providerWords(text)}
          />
        </div>
      )}
      {means.password ? <LoginForm /> : <p className="mb-4 text-sm text-soft">{text.noPasswords}</p>}
      <Providers means={means} next={next} />
    </EntryFrame>
  );
}

/** Errors of a provider sign-in, which involves no password. */
function providerWords(text: ReturnType<typeof useAccountText>) {
  const { unauthorized: _, ...words } = text.login.problems;
  return { ...words, ...text.invite.problems, ...text.login.providerProblems };
}

function OtherWays({ means: { password, registration } }: Pick<EntryProps, "means">) {
  const text = useAccountText();
  return (
    <>
      {password && (
        <p>
          <Link href={paths.reset} className={linkLook}>
            {text.login.forgot}
          </Link>
        </p>
      )}
      {password && registration === "open" && (
        <p>
          {text.login.noAccount}{" "}
          <Link href={paths.register} className={linkLook}>
            {text.login.register}
          </Link>
        </p>
      )}
      {registration === "invite" && <p>{text.login.byInvite}</p>}
      {registration === "closed" && <p>{text.login.closed}</p>}
    </>
  );
}
