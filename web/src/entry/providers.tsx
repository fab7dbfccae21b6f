import type { SignInMeans } from "../../../src/client/index.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { rememberNext } from "../session/next.ts";
import { LinkButton } from "../ui/button.tsx";

interface Props {
  means: SignInMeans;
  /** Where to go afterward. */
  next: string;
  invite?: string;
}

/** Buttons for external sign-in providers. */
export function Providers({ means: { password, providers }, next, invite }: Props) {
  const text = useAccountText();
  if (providers.length === 0) return null;
  const query = invite === undefined ? "" : `?invite=${encodeURIComponent(invite)}`;
  return (
    <>
      {password && (
        <p className="my-5 flex items-center gap-3 text-xs text-faint before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
          {text.or}
        </p>
      )}
      <div className="space-y-2.5">
        {providers.map(({ id, title }) => (
          <LinkButton
            key={id}
            className="w-full"
            href={`/v1/auth/oidc/${encodeURIComponent(id)}${query}`}
            onClick={() => rememberNext(next)}
          >
            {text.continueWith(title)}
          </LinkButton>
        ))}
      </div>
    </>
  );
}
