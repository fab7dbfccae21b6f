import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useConsoleText } from "../i18n/console-text.ts";
import { Link } from "../router/link.tsx";
import { type ConsoleSection, consoleSections, paths } from "../router/routes.ts";
import { useMe } from "../session/session.ts";
import { classes } from "../ui/classes.ts";
import { queuesQuery } from "./api.ts";

type Entry = ConsoleSection | "schedules" | "users";

/** Next to the page if there is room, or else a strip above it. */
export function ConsoleNav({ section }: { section: ConsoleSection }) {
  const words = useConsoleText();
  const me = useMe();
  const here = useRef<HTMLLIElement>(null);
  const dead = useQuery(queuesQuery).data?.reduce((sum, queue) => sum + queue.dead, 0) ?? 0;
  const entries: Entry[] = [...consoleSections, "schedules", ...(me ? (["users"] as const) : [])];

  // biome-ignore lint/correctness/useExhaustiveDependencies: the strip follows the section
  useEffect(() => {
    here.current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [section]);

  return (
    <nav
      aria-label={words.nav}
      className="max-lg:-mx-4 max-lg:mb-6 max-lg:overflow-x-auto max-lg:px-4 max-lg:[scrollbar-width:none] sm:max-lg:-mx-6 sm:max-lg:px-6"
    >
      <ul className="flex gap-1 lg:sticky lg:top-20 lg:flex-col">
        {entries.map((entry) => (
          <li key={entry} ref={entry === section ? here : undefined}>
            <Link
              href={entry === "schedules" || entry === "users" ? paths[entry] : paths.console(entry)}
              aria-current={entry === section ? "page" : undefined}
              className={classes(
                "flex min-h-9 items-center justify-between gap-2 rounded-lg px-3 text-sm font-medium whitespace-nowrap transition-colors",
                entry === section ? "bg-accent-soft text-accent" : "text-soft hover:bg-sunken hover:text-ink",
              )}
            >
              {words.sections[entry]}
              {entry === "dead-letters" && dead > 0 && (
                <span className="rounded-full bg-bad-soft px-2 py-0.5 text-xs font-semibold text-bad tabular-nums">
                  {words.number(dead)}
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
