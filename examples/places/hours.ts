import { TIME_ZONE } from "./geo/country.ts";

/**
 * Opening hours in a subset of OpenStreetMap's notation: `24/7`, or rules such as
 * `Tu-Su 09:00-18:00; Sa,Su 10:00-20:00; Mo off`. The last rule that names a day applies. Times up to `29:59` are on
 * the next day.
 */
export interface Hours {
  /** By day from Monday, in minutes from midnight. Ends may be on the next day. */
  readonly days: readonly (readonly [from: number, to: number][])[];
}

const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const DAY_MINUTES = 24 * 60;
const DAY = `(?:${DAYS.join("|")})`;
const RULE = new RegExp(
  `^(?:(${DAY}(?:-${DAY})?(?:,${DAY}(?:-${DAY})?)*) )?(off|\\d\\d:\\d\\d-\\d\\d:\\d\\d(?:,\\d\\d:\\d\\d-\\d\\d:\\d\\d)*)$`,
);

/** `null` if the text is invalid. */
export function parseHours(text: string): Hours | null {
  if (text === "24/7") return { days: DAYS.map(() => [[0, DAY_MINUTES]]) };
  const days: [number, number][][] = DAYS.map(() => []);
  for (const rule of text.split(";")) {
    const found = RULE.exec(rule.trim());
    if (!found) return null;
    const spans = found[2] === "off" ? [] : found[2]!.split(",").map(spanOf);
    if (spans.some((span) => span === null)) return null;
    for (const day of daysOf(found[1])) days[day] = spans as [number, number][];
  }
  return { days };
}

function spanOf(text: string): [number, number] | null {
  const [from, to] = text.split("-").map((time) => {
    const [hours, minutes] = time.split(":").map(Number) as [number, number];
    return minutes < 60 ? hours * 60 + minutes : Number.NaN;
  }) as [number, number];
  // 22:00-02:00 ends on the next day.
  const end = to <= from ? to + DAY_MINUTES : to;
  return from < DAY_MINUTES && end < from + DAY_MINUTES + 1 && end <= 30 * 60 ? [from, end] : null;
}

function daysOf(text: string | undefined): number[] {
  if (text === undefined) return DAYS.map((_, day) => day);
  return text.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map((day) => DAYS.indexOf(day)) as [number, number?];
    const length = ((last! - first! + 7) % 7) + 1;
    return Array.from({ length }, (_, n) => (first! + n) % 7);
  });
}

const clock = new Intl.DateTimeFormat("en-US", {
  ...{ timeZone: TIME_ZONE, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
});

/** @param text the place's hours. `null` if unknown */
export function isOpen(text: string | null, at: Date): boolean | null {
  const hours = text === null ? null : parseHours(text);
  if (!hours) return null;
  const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const today = DAYS.indexOf(parts.weekday!.slice(0, 2));
  const minute = Number(parts.hour) * 60 + Number(parts.minute);
  const within = (day: number, now: number) => hours.days[day]!.some(([from, to]) => from <= now && now < to);
  return within(today, minute) || within((today + 6) % 7, minute + DAY_MINUTES);
}
