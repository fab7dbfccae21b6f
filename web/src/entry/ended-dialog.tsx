import type { Me } from "../../../src/client/index.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { forget } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { LoginForm } from "./login-form.tsx";
import { useMeans } from "./means.ts";
import { Providers } from "./providers.tsx";

/** Covers the page, so that users continue where they were after logging in again. */
export function EndedDialog({ me }: { me: Me }) {
  const text = useAccountText();
  const means = useMeans().data;
  const byPassword = me.email !== null && me.hasPassword && means?.password !== false;
  const here = location.pathname + location.search;
  const leave = () => forget(`/login?next=${encodeURIComponent(here)}`);
  return (
    <Dialog title={text.ended.title} onClose={leave}>
      <p className="mb-4 text-sm text-soft">{byPassword ? text.ended.intro : text.ended.intro2}</p>
      {byPassword && <LoginForm email={me.email ?? ""} />}
      {means && <Providers means={{ ...means, password: byPassword }} next={here} />}
      <Button look="quiet" size="small" className="mt-4 -ml-2.5" onClick={leave}>
        {text.ended.other}
      </Button>
    </Dialog>
  );
}
