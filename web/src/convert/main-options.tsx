import { useLocale, useText } from "../i18n/locale.ts";
import { Choices } from "../ui/choices.tsx";
import { Field } from "../ui/field.tsx";
import { Slider } from "../ui/inputs.tsx";
import { formatChoices, usesQuality } from "./options.ts";
import type { OptionsProps } from "./options-props.ts";
import { SizeOptions } from "./size-options.tsx";

/** What an image may also have of its own: format, size and quality. */
export function MainOptions(props: OptionsProps) {
  const { form, onChange } = props;
  const text = useText();
  const locale = useLocale();
  return (
    <>
      <Choices
        label={text.options.format}
        hint={text.options.formatHints[form.format]}
        columns="grid-cols-4"
        choices={formatChoices.map((value) => ({ value, label: text.options.formats[value] }))}
        value={form.format}
        onChange={(format) => onChange({ format })}
      />
      <SizeOptions {...props} />
      {usesQuality(form.format) && (
        <Field
          label={text.options.quality}
          aside={
            <span className="text-xs text-soft tabular-nums" lang={locale}>
              <b className="font-semibold text-ink">{form.quality}</b> ·{" "}
              {text.options.qualityWords(form.quality)}
            </span>
          }
        >
          {(ids) => (
            <Slider
              {...ids}
              min={1}
              max={100}
              value={form.quality}
              onChange={(quality) => onChange({ quality })}
            />
          )}
        </Field>
      )}
    </>
  );
}
