import { useId } from "react";
import { useText } from "../i18n/locale.ts";
import { Choices } from "../ui/choices.tsx";
import { Field } from "../ui/field.tsx";
import { Select, TextInput } from "../ui/inputs.tsx";
import { type TimingDraft, type Unit, units } from "./timing.ts";

interface Props {
  draft: TimingDraft;
  /** By field: `cron`, `timeZone`, `everySeconds`. */
  errors: ReadonlyMap<string, string>;
  onChange(draft: TimingDraft): void;
}

const zones = Intl.supportedValuesOf("timeZone");

/** A cron expression or an interval. */
export function TimingField({ draft, errors, onChange }: Props) {
  const text = useText().schedules;
  const list = useId();
  const change = (part: Partial<TimingDraft>) => onChange({ ...draft, ...part });
  const error = (name: string) => errors.get(name) ?? null;
  return (
    <div className="space-y-5">
      <Choices
        label={text.fields.when}
        choices={(["cron", "interval"] as const).map((kind) => ({ value: kind, label: text.kinds[kind] }))}
        value={draft.kind}
        onChange={(kind) => change({ kind })}
      />
      {draft.kind === "cron" ? (
        <div className="grid gap-5 sm:grid-cols-2">
          <Field label={text.fields.cron} hint={text.cronHint} error={error("cron")} required>
            {(ids) => (
              <TextInput
                {...ids}
                className="font-mono"
                spellCheck={false}
                value={draft.cron}
                onChange={(event) => change({ cron: event.target.value })}
              />
            )}
          </Field>
          <Field label={text.fields.timeZone} hint={text.timeZoneHint} error={error("timeZone")}>
            {(ids) => (
              <>
                <TextInput
                  {...ids}
                  list={list}
                  spellCheck={false}
                  value={draft.timeZone}
                  onChange={(event) => change({ timeZone: event.target.value })}
                />
                <datalist id={list}>
                  {zones.map((zone) => (
                    <option key={zone} value={zone} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        </div>
      ) : (
        <div className="grid grid-cols-2 gap-5">
          <Field label={text.fields.every} error={error("everySeconds")} required>
            {(ids) => (
              <TextInput
                {...ids}
                inputMode="numeric"
                value={draft.every}
                onChange={(event) => change({ every: event.target.value })}
              />
            )}
          </Field>
          <Field label={text.fields.unit}>
            {(ids) => (
              <Select
                {...ids}
                value={draft.unit}
                onChange={(event) => change({ unit: event.target.value as Unit })}
              >
                {(Object.keys(units) as Unit[]).map((unit) => (
                  <option key={unit} value={unit}>
                    {text.units[unit]}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
      )}
    </div>
  );
}
