import { chromas, fits } from "../../../src/pipelines/image-convert/choices.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Icon } from "../ui/icons.tsx";
import { Select, Switch, TextInput } from "../ui/inputs.tsx";
import { reveal } from "../ui/reveal.ts";
import { resetForm } from "./form-store.ts";
import type { Chroma, Fit } from "./options.ts";
import type { OptionsProps } from "./options-props.ts";

const switches = [
  "enlarge",
  "lossless",
  "progressive",
  "animated",
  "keepMetadata",
  "allPages",
  "tolerant",
] as const;

export function AdvancedOptions({ form, problems, onChange }: OptionsProps) {
  const text = useText();
  const words = text.options;
  return (
    <details
      className="group border-t border-line pt-4"
      onToggle={({ currentTarget }) =>
        currentTarget.open && reveal(() => currentTarget.querySelector<HTMLElement>("summary ~ *"))
      }
    >
      <summary className="flex list-none items-center justify-between rounded-lg py-1 text-sm font-medium [&::-webkit-details-marker]:hidden">
        {words.advanced}
        <Icon name="chevron" className="text-faint transition-transform group-open:rotate-180" />
      </summary>
      <div className="revealed mt-4 space-y-5">
        <Field label={words.fit} hint={words.fitHint}>
          {(ids) => (
            <Select
              {...ids}
              value={form.fit}
              onChange={(event) => onChange({ fit: event.target.value as Fit })}
            >
              {fits.map((fit) => (
                <option key={fit} value={fit}>
                  {words.fits[fit]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <BackgroundField form={form} problems={problems} onChange={onChange} />
        <Field label={words.chroma} hint={words.chromaHint}>
          {(ids) => (
            <Select
              {...ids}
              value={form.chroma}
              onChange={(event) => onChange({ chroma: event.target.value as Chroma })}
            >
              {(["auto", ...chromas] as const).map((chroma) => (
                <option key={chroma} value={chroma}>
                  {words.chromas[chroma]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <div className="space-y-3">
          {switches.map((name) => (
            <Switch
              key={name}
              label={words[name]}
              hint={words[`${name}Hint`]}
              checked={form[name]}
              onChange={(checked) => onChange({ [name]: checked })}
            />
          ))}
        </div>
        <Button look="quiet" size="small" icon="retry" onClick={resetForm} className="-ml-2.5">
          {words.reset}
        </Button>
      </div>
    </details>
  );
}

function BackgroundField({ form, problems, onChange }: OptionsProps) {
  const words = useText().options;
  const swatch = /^#[0-9a-f]{6}$/i.test(form.background) ? form.background : "#ffffff";
  return (
    <Field
      label={words.background}
      hint={words.backgroundHint}
      error={problems.has("background") ? words.errors.colour : null}
    >
      {(ids) => (
        <div className="flex gap-2">
          <input
            type="color"
            aria-label={words.background}
            value={swatch}
            onChange={(event) => onChange({ background: event.target.value })}
            className="h-10 w-12 shrink-0 cursor-pointer rounded-lg border border-line-strong bg-surface p-1"
          />
          <TextInput
            {...ids}
            value={form.background}
            maxLength={9}
            spellCheck={false}
            className="font-mono"
            onChange={(event) => onChange({ background: event.target.value })}
          />
        </div>
      )}
    </Field>
  );
}
