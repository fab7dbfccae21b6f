import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Page } from "../ui/page.tsx";

export function MissingPage() {
  const text = useText();
  return (
    <Page title={text.missing.title} intro={text.missing.intro}>
      <Link href={paths.convert} className="font-medium text-accent underline underline-offset-2">
        {text.missing.action}
      </Link>
    </Page>
  );
}
