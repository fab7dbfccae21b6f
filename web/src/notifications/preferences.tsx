import { useEffect, useId, useState } from "react";
import { asProblem } from "../api/problem.ts";
import { useLocale } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { useMe } from "../session/session.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { type Channel, channels, type Kind, kinds, type Preferences as Wanted } from "./api.ts";
import { askPermission, permission, rememberBrowserChoice } from "./browser.ts";
import { useChangePreferences, usePreferences } from "./use-notifications.ts";

/** Kinds and channels of notifications. Changes are saved right away. */
export function Preferences() {
  const words = useTellingText().notifications;
  const title = useId();
  const query = usePreferences();
  return (
    <section aria-labelledby={title} className="card p-5">
      <h2 id={title} className="font-semibold">
        {words.settings}
      </h2>
      {query.isPending && <Skeleton rows={3} height="2rem" />}
      {query.error && (
        <div className="mt-3">
          <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
        </div>
      )}
      {query.data && <Choice wanted={query.data} />}
    </section>
  );
}

function Choice({ wanted }: { wanted: Wanted }) {
  const words = useTellingText().notifications;
  const locale = useLocale();
  const accounts = useMe() !== null;
  const [asked, setAsked] = useState(permission());
  const change = useChangePreferences();
  const shown = kinds.filter((kind) => kind !== "quota.warning" || accounts);
  const canMail = wanted.email.available && wanted.email.address !== null;
  const anyBrowser = kinds.some((kind) => wanted.kinds[kind].browser);
  useEffect(() => rememberBrowserChoice(anyBrowser), [anyBrowser]);

  async function toggle(kind: Kind, channel: Channel, on: boolean): Promise<void> {
    if (channel === "browser" && on) {
      const answer = await askPermission();
      setAsked(answer);
      if (answer !== "granted") return;
    }
    // Emails use the language of the page in which they were chosen.
    change.mutate(
      { locale, kinds: { [kind]: { [channel]: on } } },
      { onSuccess: () => announce(words.saved) },
    );
  }

  return (
    <>
      <table className="mt-4 w-full text-sm">
        <thead>
          <tr className="text-xs text-faint">
            <td />
            {channels.map((channel) => (
              <th key={channel} scope="col" className="w-16 pb-2 text-center font-medium">
                {words.channels[channel]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((kind) => (
            <tr key={kind} className="border-t border-line">
              <th scope="row" className="py-2 pr-2 text-left font-normal">
                {words.kinds[kind]}
              </th>
              {channels.map((channel) => (
                <td key={channel} className="text-center">
                  <label className="inline-flex size-9 items-center justify-center rounded-lg hover:bg-sunken">
                    <span className="sr-only">
                      {words.in(words.kinds[kind] ?? kind, words.channels[channel])}
                    </span>
                    <input
                      type="checkbox"
                      className="size-4 accent-(--accent)"
                      disabled={
                        (channel === "email" && !canMail) ||
                        (channel === "browser" && (asked === "unsupported" || asked === "denied"))
                      }
                      checked={wanted.kinds[kind][channel]}
                      onChange={({ target }) => void toggle(kind, channel, target.checked)}
                    />
                  </label>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {change.error && <ProblemNotice problem={asProblem(change.error)} />}
      <div className="mt-4 space-y-2 border-t border-line pt-4 text-xs leading-relaxed text-faint">
        {!canMail && (
          <p>{wanted.email.available ? (accounts ? words.unverified : words.noAddress) : words.noMail}</p>
        )}
        {canMail && <p>{words.mailTo(wanted.email.address ?? "")}</p>}
        <p>{words.permission[asked]}</p>
        {asked === "default" && anyBrowser && (
          <Button size="small" icon="bell" onClick={() => void askPermission().then(setAsked)}>
            {words.allow}
          </Button>
        )}
      </div>
    </>
  );
}
