import { formatDueTime } from "../format/format.ts";
import { useLocale } from "../i18n/locale.ts";

interface Props {
  times: readonly string[];
  /** `null` for the user's own. */
  timeZone: string | null;
}

/** Due times in the schedule's time zone. */
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
