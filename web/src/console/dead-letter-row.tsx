import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { DeadLetter } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { useMe } from "../session/session.ts";
import { ActionDialog } from "../ui/action-dialog.tsx";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { linkLook } from "../ui/classes.ts";
import { InputPreview, InputThumbnail } from "./input-preview.tsx";
import { StackTrace } from "./stack-trace.tsx";

/** A dead letter with its input, its error and its actions. @param said the message already shown above */
export function DeadLetterRow({ letter, said }: { letter: DeadLetter; said: string | null }) {
  const words = useConsoleText();
  const text = words.dead;
  const me = useMe();
  const locale = useLocale();
  const now = useNow(15_000);
  const [asking, setAsking] = useState(false);
  const [replayed, setReplayed] = useState(false);
  const { jobId, index, part, owner, attempt, deaths, error, finishedAt } = letter;
  const place =
    index === null
      ? text.wholeJob
      : [words.timeline.item(index + 1), part !== null && words.timeline.part(part + 1)]
          .filter(Boolean)
          .join(", ");
  const name = letter.name || place;
  const facts = [
    letter.name && place,
    text.attempts(attempt),
    deaths > 0 && text.deaths(deaths),
    finishedAt && text.died(formatRelative(finishedAt, now, locale)),
    me && text.of(owner),
  ].filter(Boolean);
  return (
    <li className="px-4 py-4 sm:px-5" data-testid="dead-letter">
      <div className="flex items-start gap-4">
        <InputThumbnail letter={letter} />
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
            <div className="min-w-0">
              <p className="font-medium break-all">{name}</p>
              <p className="text-xs break-all text-faint">
                {facts.join(" · ")} ·{" "}
                <Link href={paths.console("jobs", jobId)} className={linkLook}>
                  {text.timeline}
                </Link>
              </p>
            </div>
            {replayed ? (
              <Link href={paths.job(jobId)} className={`${linkLook} text-sm`}>
                {words.replay.seeJob}
              </Link>
            ) : (
              <Button
                size="small"
                icon="retry"
                aria-label={text.replayNamed(name)}
                onClick={() => setAsking(true)}
              >
                {text.replay}
              </Button>
            )}
          </div>
          {error && (error.message !== said || error.detail) && (
            <StackTrace error={error} brief={error.message === said} />
          )}
          <div className="mt-1">
            <InputPreview letter={letter} />
          </div>
        </div>
      </div>
      {asking && (
        <ReplayOne
          taskId={letter.taskId}
          name={name}
          onDone={() => setReplayed(true)}
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  );
}

interface ReplayProps {
  taskId: string;
  name: string;
  onDone(): void;
  onClose(): void;
}

function ReplayOne({ taskId, name, onDone, onClose }: ReplayProps) {
  const text = useConsoleText().replay;
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: () => client.admin.replay(taskId),
    async onSuccess() {
      announce(text.started);
      onDone();
      onClose();
      await queries.invalidateQueries({ queryKey: ["console"] });
    },
  });
  return (
    <ActionDialog
      title={text.titleOne(name)}
      effects={[text.one, text.oneJob]}
      action={text.actionOne}
      busy={replay.isPending}
      error={replay.error}
      onConfirm={() => replay.mutate()}
      onClose={onClose}
    />
  );
}
