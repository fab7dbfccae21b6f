import type { Me } from "../../../src/client/index.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { Page } from "../ui/page.tsx";
import { DeleteSection } from "./delete-section.tsx";
import { KeysSection } from "./keys-section.tsx";
import { PasswordSection } from "./password-section.tsx";
import { ProfileSection } from "./profile-section.tsx";
import { SessionsSection } from "./sessions-section.tsx";
import { UsageSection } from "./usage-section.tsx";

export function AccountPage({ me }: { me: Me }) {
  const text = useAccountText();
  return (
    <Page title={text.account.title}>
      <div className="space-y-9">
        <ProfileSection me={me} />
        <UsageSection />
        <KeysSection me={me} />
        <SessionsSection />
        <PasswordSection me={me} />
        <DeleteSection me={me} />
      </div>
    </Page>
  );
}
