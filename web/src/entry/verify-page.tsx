import { useQuery } from "@tanstack/react-query";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { reloadMe, sessionStore } from "../session/session.ts";
import { linkLook } from "../ui/classes.ts";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { EntryFrame } from "./entry-frame.tsx";
import type { EntryProps } from "./means.ts";

/** Opening the link is all that users have to do. */
export function VerifyPage({ token }: EntryProps) {
  const text = useAccountText();
  const words = text.verify;
  const isIn = sessionStore.get().phase === "in";
  const verified = useQuery({
    queryKey: ["verify", token],
    // A link works only once, so it must not depend on how often the page renders.
    async queryFn() {
      await client.account.verify({ token });
      if (isIn) await reloadMe();
      return true;
    },
    enabled: token !== "",
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (token === "")
    return <EntryFrame title={text.invite.missing} intro={text.invite.missingHint} focusTitle />;
  const onward = (
    <p>
      <Link href={isIn ? paths.convert : paths.login} className={linkLook}>
        {isIn ? words.goOn : text.toLogin}
      </Link>
    </p>
  );
  if (verified.data) {
    const done = isIn ? words.doneIn : words.done;
    return <EntryFrame key="done" title={words.doneTitle} intro={done} after={onward} focusTitle />;
  }
  if (verified.error) {
    return (
      <EntryFrame key="failed" title={words.title} after={onward} focusTitle>
        <ProblemNotice problem={asProblem(verified.error)} words={words.problems} />
      </EntryFrame>
    );
  }
  return (
    <EntryFrame title={words.title} intro={words.working}>
      <Skeleton rows={1} height="4rem" />
    </EntryFrame>
  );
}
