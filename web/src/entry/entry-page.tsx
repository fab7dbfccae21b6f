import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useFragment } from "../router/router.ts";
import type { EntryName } from "../router/routes.ts";
import { useSession } from "../session/session.ts";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { EntryFrame } from "./entry-frame.tsx";
import { InvitePage } from "./invite-page.tsx";
import { LoginPage } from "./login-page.tsx";
import { type EntryProps, useMeans } from "./means.ts";
import { RegisterPage } from "./register-page.tsx";
import { ResetPage } from "./reset-page.tsx";
import { VerifyPage } from "./verify-page.tsx";

const pages: Record<EntryName, (props: EntryProps) => React.ReactNode> = {
  login: LoginPage,
  register: RegisterPage,
  invite: InvitePage,
  reset: ResetPage,
  verify: VerifyPage,
};

export function EntryPage({ page }: { page: EntryName }) {
  const text = useAccountText();
  const session = useSession();
  const means = useMeans();
  const token = useFragment();
  if (session.phase === "local" || means.data?.accounts === false) {
    return <EntryFrame title={text[page].title} intro={text.noAccounts} focusTitle />;
  }
  if (!means.data) {
    return (
      <div className="mx-auto max-w-[26rem] sm:pt-8">
        {means.error ? (
          <ProblemNotice problem={asProblem(means.error)} onRetry={() => void means.refetch()} />
        ) : (
          <Skeleton rows={1} height="20rem" />
        )}
      </div>
    );
  }
  const Shown = pages[page];
  return <Shown key={token} means={means.data} token={token} />;
}
