import { useState } from "react";
import type { DeadLetterGroup } from "../../../src/client/index.ts";
import { formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { DeadLetterList } from "./dead-letter-list.tsx";
import type { DeadFilter } from "./dead-letters.ts";

interface Props {
  group: DeadLetterGroup;
  /** Initially open. */
  open: boolean;
  onReplay(filter: DeadFilter): void;
}

/** Tasks of one queue that failed with the same error. */
export function DeadGroup({ group, open: opened, onReplay }: Props) {
  const words = useConsoleText();
  const text = words.dead;
  const locale = useLocale();
  const now = useNow(15_000);
  const [open, setOpen] = useState(opened);
  const { code, queue, count, lastAt, sample } = group;
  const mine: DeadFilter = { queue, code, group: group.group };
  const message = sample?.error?.message ?? group.group;
  return (
    <li className="card overflow-hidden" data-testid="dead-group">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3 p-4 sm:p-5">
        <div className="min-w-0 flex-1 basis-72">
          <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            <span className="rounded-full bg-bad-soft px-2.5 py-0.5 text-sm font-semibold text-bad tabular-nums">
              {words.number(count)}
            </span>
            <span className="font-semibold break-all">{code || text.noError}</span>
          </p>
          {message && (
            <p lang="en" className={classes("mt-1.5 text-sm break-words text-soft", !open && "line-clamp-2")}>
              {message}
            </p>
          )}
          <p className="mt-1 text-xs break-all text-faint">
            {queue} · {text.last(formatRelative(lastAt, now, locale))}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Button
            size="small"
            aria-expanded={open}
            aria-label={open ? text.hideNamed(code) : text.showNamed(count, code)}
            onClick={() => setOpen(!open)}
          >
            {open ? text.hide : text.show(count)}
            <Icon name="chevron" className={classes("transition-transform", open && "rotate-180")} />
          </Button>
          <Button
            size="small"
            look="primary"
            icon="retry"
            aria-label={text.replayAllNamed(count, code)}
            onClick={() => onReplay(mine)}
          >
            {text.replayAll(count)}
          </Button>
        </div>
      </div>
      {open && (
        <div className="border-t border-line">
          <DeadLetterList filter={mine} said={message} />
        </div>
      )}
    </li>
  );
}
