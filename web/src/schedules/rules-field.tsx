import type { NewSchedule } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/inputs.tsx";

export type Rules = Required<Pick<NewSchedule, "missed" | "overlap">>;

interface Props {
  rules: Rules;
  onChange(rules: Rules): void;
}

/** What to do about missed due times, and about those while a job still runs. */
export function RulesField({ rules, onChange }: Props) {
  const text = useText().schedules;
  return (
    <div className="grid gap-5 sm:grid-cols-2">
      <Field label={text.fields.missed}>
        {(ids) => (
          <Select
            {...ids}
            value={rules.missed}
            onChange={(event) => onChange({ ...rules, missed: event.target.value as Rules["missed"] })}
          >
            {(["once", "skip"] as const).map((rule) => (
              <option key={rule} value={rule}>
                {text.missed[rule]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={text.fields.overlap}>
        {(ids) => (
          <Select
            {...ids}
            value={rules.overlap}
            onChange={(event) => onChange({ ...rules, overlap: event.target.value as Rules["overlap"] })}
          >
            {(["skip", "queue"] as const).map((rule) => (
              <option key={rule} value={rule}>
                {text.overlap[rule]}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  );
}
