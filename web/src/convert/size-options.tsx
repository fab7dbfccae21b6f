import { MAX_SIDE } from "../../../src/pipelines/image-convert/choices.ts";
import { useText } from "../i18n/locale.ts";
import { classes } from "../ui/classes.ts";
import { Field } from "../ui/field.tsx";
import { NumberInput } from "../ui/inputs.tsx";
import { widthPresets } from "./options.ts";
import type { OptionsProps } from "./options-props.ts";

export function SizeOptions({ form, problems, onChange }: OptionsProps) {
  const text = useText();
  const words = text.options;
  const presets = [
    { label: words.asIs, width: null },
    ...widthPresets.map((width) => ({ label: `${width}`, width })),
  ];
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 text-[0.8125rem] font-medium">{words.size}</legend>
      <fieldset aria-label={words.sizePresets} className="mb-3 flex flex-wrap gap-1.5">
        {presets.map(({ label, width }) => {
          const active = form.width === width && form.height === null;
          return (
            <button
              key={label}
              type="button"
              aria-pressed={active}
              onClick={() => onChange({ width, height: null })}
              className={classes(
                "min-h-8 rounded-full border px-3 text-xs font-medium tabular-nums transition-colors",
                active
                  ? "border-accent bg-accent-soft text-accent"
                  : "border-line-strong text-soft hover:text-ink",
              )}
            >
              {label}
            </button>
          );
        })}
      </fieldset>
      <div className="grid grid-cols-2 gap-3">
        {(["width", "height"] as const).map((side) => (
          <Field
            key={side}
            label={words[side]}
            error={problems.has(side) ? words.errors.side(MAX_SIDE) : null}
          >
            {(ids) => (
              <NumberInput
                {...ids}
                unit="px"
                min={1}
                max={MAX_SIDE}
                step={1}
                placeholder={words.auto}
                value={form[side]}
                onChange={(value) => onChange({ [side]: value })}
              />
            )}
          </Field>
        ))}
      </div>
      <p className="mt-1.5 text-xs text-faint">{words.sizeHint}</p>
    </fieldset>
  );
}
