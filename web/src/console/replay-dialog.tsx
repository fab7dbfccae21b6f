import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../api/client.ts";
import { formatDuration } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { ActionDialog } from "../ui/action-dialog.tsx";
import { Field } from "../ui/field.tsx";
import { NumberInput, Switch } from "../ui/inputs.tsx";
import type { DeadFilter } from "./dead-letters.ts";
import { optionsOf } from "./replay-options.ts";

interface Props {
  filter: DeadFilter;
  /** Number of matches. `null` if not known yet. */
  count: number | null;
  onClose(): void;
}

const usualRate = 20;

/** Asks how to replay all matches, then opens the operation. */
export function ReplayDialog({ filter, count, onClose }: Props) {
  const text = useConsoleText().replay;
  const locale = useLocale();
  const [canary, setCanary] = useState(true);
  const [rate, setRate] = useState<number | null>(usualRate);
  const [most, setMost] = useState<number | null>(null);
  const [dryRun, setDryRun] = useState(count === null);
  const [options, setOptions] = useState("");
  const changed = optionsOf(options);
  const perSecond = Math.min(100, Math.max(0.1, rate ?? usualRate));
  const tasks = count === null ? null : Math.min(count, most ?? count);
  const begin = useMutation({
    mutationFn: () =>
      client.admin.operate({
        target: "dead-letters",
        filter,
        action: "replay",
        canary: canary ? 1 : 0,
        perSecond,
        dryRun,
        most,
        ...(changed && { options: changed }),
      }),
    onSuccess: ({ id }) => navigate(paths.console("operations", id)),
  });
  return (
    <ActionDialog
      title={count === null ? text.titleAll : text.title(count)}
      effects={[
        count !== null && text.matchesTasks(count),
        dryRun
          ? text.dryRunEffect
          : tasks !== null && text.takes(tasks, formatDuration(Math.max(1, tasks / perSecond), locale)),
        !dryRun && text.stop,
      ]}
      action={dryRun ? text.dryRunAction : text.action(tasks ?? 0)}
      busy={begin.isPending}
      blocked={changed === undefined || tasks === 0}
      error={begin.error}
      onConfirm={() => begin.mutate()}
      onClose={onClose}
    >
      <Switch label={text.canary} hint={text.canaryHint} checked={canary} onChange={setCanary} />
      <div className="grid grid-cols-2 gap-4">
        <Field label={text.rate}>
          {(ids) => <NumberInput {...ids} min={0.1} max={100} value={rate} onChange={setRate} />}
        </Field>
        <Field label={text.limit} hint={text.limitHint}>
          {(ids) => <NumberInput {...ids} min={1} value={most} onChange={setMost} />}
        </Field>
      </div>
      <Switch label={text.dryRun} hint={text.dryRunHint} checked={dryRun} onChange={setDryRun} />
      <details>
        <summary className="text-[0.8125rem] font-medium text-soft">{text.options}</summary>
        <div className="mt-2">
          <Field
            label={text.optionsLabel}
            hint={text.optionsHint}
            error={changed === undefined ? text.optionsFault : null}
          >
            {(ids) => (
              <textarea
                {...ids}
                rows={4}
                spellCheck={false}
                placeholder={'{ "quality": 70 }'}
                className="control font-mono text-[0.8125rem]"
                value={options}
                onChange={(event) => setOptions(event.target.value)}
              />
            )}
          </Field>
        </div>
      </details>
    </ActionDialog>
  );
}
