import { formatDateTime, formatMs } from "../format/format.ts";
import { useLocale } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import type { WholeDelivery } from "./api.ts";
import { Exchange } from "./exchange.tsx";

/** The request, and each attempt with its response, latest first. */
export function Exchanges({ delivery: { request, attempts } }: { delivery: WholeDelivery }) {
  const words = useTellingText().deliveries;
  const locale = useLocale();
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Exchange
        title={`${words.request} · ${request.method}`}
        headers={request.headers}
        body={request.body}
      />
      <div className="min-w-0 space-y-4">
        {attempts.length === 0 && <p className="text-xs text-faint">{words.noTries}</p>}
        {attempts.toReversed().map((one, at) => (
          <Exchange
            key={one.at}
            title={[
              words.try(attempts.length - at),
              one.status === null ? words.noResponse : `HTTP ${one.status}`,
              formatMs(one.ms, locale),
              formatDateTime(one.at, locale),
            ].join(" · ")}
            headers={one.response?.headers ?? null}
            body={one.response?.body || one.error}
          />
        ))}
      </div>
    </div>
  );
}
