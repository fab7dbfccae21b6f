import { useAccountText } from "../i18n/account-text.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { linkLook } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { EntryFrame } from "./entry-frame.tsx";

/** Asks the user to continue in their email. */
export function CheckMail({ title, words }: { title: string; words: string }) {
  const text = useAccountText();
  return (
    <EntryFrame title={title} focusTitle>
      <span className="mb-3 flex size-11 items-center justify-center rounded-xl bg-accent-soft text-xl text-accent">
        <Icon name="mail" />
      </span>
      <p className="break-words">{words}</p>
      <p className="mt-4 text-sm">
        <Link href={paths.login} className={linkLook}>
          {text.toLogin}
        </Link>
      </p>
    </EntryFrame>
  );
}
