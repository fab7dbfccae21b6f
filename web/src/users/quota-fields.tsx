import { useAccountText } from "../i18n/account-text.ts";
import { Field } from "../ui/field.tsx";
import { NumberInput, Select } from "../ui/inputs.tsx";
import { type QuotaDraft, type QuotaDrafts, type QuotaName, quotaNames } from "./quota-drafts.ts";

interface Props {
  drafts: QuotaDrafts;
  fault(name: QuotaName): string | null;
  onChange(drafts: QuotaDrafts): void;
}

export function QuotaFields({ drafts, fault, onChange }: Props) {
  const text = useAccountText();
  const words = text.users;
  return (
    <fieldset>
      <legend className="text-[0.8125rem] font-medium">{words.quotas}</legend>
      <p className="mt-0.5 mb-3 text-xs text-faint">{words.quotasHint}</p>
      <div className="space-y-3">
        {quotaNames.map((name) => {
          const draft = drafts[name];
          const label = text.account.quotas[name];
          const set = (next: QuotaDraft) => onChange({ ...drafts, [name]: next });
          return (
            <Field key={name} label={label} error={fault(name)}>
              {(ids) => (
                <span className="grid grid-cols-2 gap-2">
                  <Select
                    {...(draft.mode === "own" ? { "aria-label": words.quotaMode(label) } : ids)}
                    value={draft.mode}
                    onChange={(event) => set(draftIn(event.target.value as QuotaDraft["mode"]))}
                  >
                    {(["usual", "own", "none"] as const).map((mode) => (
                      <option key={mode} value={mode}>
                        {words.quotaModes[mode]}
                      </option>
                    ))}
                  </Select>
                  {draft.mode === "own" && (
                    <NumberInput
                      {...ids}
                      unit={name === "storedBytes" ? "GB" : undefined}
                      min={0}
                      autoFocus={draft.value === null}
                      value={draft.value}
                      onChange={(value) => set({ mode: "own", value })}
                    />
                  )}
                </span>
              )}
            </Field>
          );
        })}
      </div>
    </fieldset>
  );
}

function draftIn(mode: QuotaDraft["mode"]): QuotaDraft {
  return mode === "own" ? { mode, value: null } : { mode };
}
