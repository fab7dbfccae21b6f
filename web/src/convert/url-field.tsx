import { useText } from "../i18n/locale.ts";
import { useStore } from "../store/store.ts";
import { Field } from "../ui/field.tsx";
import { urlsIn, urlText } from "./urls.ts";

/** URLs of images, which the server fetches. */
export function UrlField({ disabled }: { disabled: boolean }) {
  const text = useText();
  const written = useStore(urlText);
  const { urls, wrong } = urlsIn(written);
  const error = wrong[0] === undefined ? null : text.convert.notAnAddress(wrong[0]);
  return (
    <Field
      label={text.convert.byUrl}
      hint={text.convert.byUrlHint}
      error={error}
      aside={
        urls.length > 0 && <span className="text-xs text-faint">{text.convert.addresses(urls.length)}</span>
      }
      className="card p-4 sm:p-5"
    >
      {(ids) => (
        <textarea
          {...ids}
          className="control min-h-20 resize-y font-mono text-xs leading-relaxed"
          rows={Math.min(8, Math.max(2, written.split("\n").length))}
          spellCheck={false}
          autoCapitalize="off"
          placeholder="https://"
          disabled={disabled}
          value={written}
          onChange={(event) => urlText.set(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
