import { formatDueTime } from "../format/format.ts";
import { useLocale } from "../i18n/locale.ts";

interface Props {
  times: readonly string[];
  /** `null`: the reader's own. */
  timeZone: string | null;
}

/** Due times, in the time zone in which they were asked for. */
export function DueTimes({ times, timeZone }: Props) {
  const locale = useLocale();
  return (
    <ol className="tabular-nums">
      {times.map((time) => (
        <li key={time}>
          <time dateTime={time}>{formatDueTime(time, locale, timeZone)}</time>
        </li>
      ))}
    </ol>
  );
}
