import { useText } from "../i18n/locale.ts";
import { useStore } from "../store/store.ts";
import { Field } from "../ui/field.tsx";
import { formStore } from "./form-store.ts";
import { ownSummary } from "./own-options.ts";
import { OwnOptionsButton } from "./own-options-button.tsx";
import { setUrlOwn, shortUrl, urlOwn, urlsIn, urlText } from "./urls.ts";

interface Props {
  disabled: boolean;
  /** How many images a job takes. */
  most: number;
}

/** URLs of images, which the server fetches. */
export function UrlField({ disabled, most }: Props) {
  const text = useText();
  const written = useStore(urlText);
  const { urls, wrong } = urlsIn(written);
  const error = wrong[0] === undefined ? null : text.convert.notAnAddress(wrong[0]);
  return (
    <div className="card p-4 sm:p-5">
      <Field
        label={text.convert.byUrl}
        hint={text.convert.byUrlHint}
        error={error}
        aside={
          urls.length > 0 && <span className="text-xs text-faint">{text.convert.addresses(urls.length)}</span>
        }
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
      {urls.length > 0 && (
        <ul className="mt-3 grid gap-2 sm:grid-cols-2">
          {urls.slice(0, most).map((url) => (
            <Row key={url} url={url} disabled={disabled} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Row({ url, disabled }: { url: string; disabled: boolean }) {
  const own = useStore(urlOwn).get(url) ?? null;
  const summary = ownSummary(useStore(formStore), own);
  const name = shortUrl(url);
  return (
    <li className="flex min-w-0 items-center gap-2 rounded-xl border border-line py-1 pr-1 pl-3">
      <p className="min-w-0 flex-1 text-xs">
        <span className="block truncate font-mono" title={url}>
          {name}
        </span>
        {summary !== null && (
          <span className="block truncate font-medium text-accent tabular-nums" title={summary}>
            {summary}
          </span>
        )}
      </p>
      <OwnOptionsButton
        name={name}
        own={own}
        disabled={disabled}
        onChange={(changed) => setUrlOwn(url, changed)}
      />
    </li>
  );
}
