import { useState } from "react";
import { useText } from "../i18n/locale.ts";
import { Choices } from "../ui/choices.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import type { Request } from "./curl.ts";
import { type Language, languages, requestCode } from "./request-code.ts";

/** The form's request as shell or program code. Follows the form. */
export function RequestPanel({ request }: { request: Request }) {
  const words = useText().pipelines.request;
  const [language, setLanguage] = useState<Language>("curl");
  const code = requestCode(language, request, location.origin);
  return (
    <section aria-label={words.title} className="card min-w-0 p-5 lg:sticky lg:top-20">
      <Choices<Language>
        label={words.title}
        choices={languages.map((value) => ({ value, label: words.languages[value] }))}
        value={language}
        onChange={setLanguage}
      />
      <pre className="mt-3 rounded-xl bg-sunken p-4 font-mono text-xs leading-relaxed break-words whitespace-pre-wrap">
        {code}
      </pre>
      <div className="mt-3">
        <CopyButton value={code} />
      </div>
    </section>
  );
}
