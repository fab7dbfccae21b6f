import { useRef } from "react";
import { positions } from "../../../src/pipelines/image-convert/choices.ts";
import { formatPercent } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Choices } from "../ui/choices.tsx";
import { classes } from "../ui/classes.ts";
import { Field } from "../ui/field.tsx";
import { Slider } from "../ui/inputs.tsx";
import { reveal } from "../ui/reveal.ts";
import type { OptionsProps } from "./options-props.ts";
import { WatermarkImage } from "./watermark-image.tsx";
import { WatermarkText } from "./watermark-text.tsx";

export function WatermarkOptions({ form, problems, onChange }: OptionsProps) {
  const text = useText();
  const words = text.options;
  const details = useRef<HTMLDivElement>(null);
  return (
    <div>
      <Choices
        label={words.watermark}
        choices={(["none", "text", "image"] as const).map((value) => ({
          value,
          label: words.watermarks[value],
        }))}
        value={form.watermark}
        onChange={(watermark) => onChange({ watermark })}
        // Do not move the focus of users who step through the choices with arrow keys.
        onPick={() => reveal(() => details.current)}
      />
      {form.watermark !== "none" && (
        <div ref={details} className="revealed mt-4 space-y-4 rounded-xl border border-line p-4">
          {form.watermark === "text" ? (
            <WatermarkText
              value={form.watermarkText}
              invalid={problems.has("watermarkText")}
              onChange={(watermarkText) => onChange({ watermarkText })}
            />
          ) : (
            <WatermarkImage
              file={form.watermarkImage}
              invalid={problems.has("watermarkImage")}
              onChange={(watermarkImage) => onChange({ watermarkImage })}
            />
          )}
          <WatermarkLook form={form} onChange={onChange} />
        </div>
      )}
    </div>
  );
}

/** Position, size and opacity. */
function WatermarkLook({ form, onChange }: Pick<OptionsProps, "form" | "onChange">) {
  const words = useText().options;
  const share = (name: "opacity" | "watermarkSize", label: string) => (
    <ShareField label={label} value={form[name]} onChange={(value) => onChange({ [name]: value })} />
  );
  return (
    <div className="flex items-start gap-5">
      <div className="w-24 shrink-0">
        <Choices
          label={words.position}
          columns="grid-cols-3 !gap-0.5 aspect-square"
          choices={positions.map((value) => ({
            value,
            name: words.positions[value],
            label: (
              <span
                title={words.positions[value]}
                className={classes(
                  "size-2 rounded-full",
                  form.position === value ? "bg-accent" : "bg-line-strong",
                )}
              />
            ),
          }))}
          value={form.position}
          onChange={(position) => onChange({ position })}
        />
      </div>
      <div className="min-w-0 flex-1 space-y-3">
        {share("opacity", words.opacity)}
        {share("watermarkSize", words.watermarkSize)}
      </div>
    </div>
  );
}

interface ShareProps {
  label: string;
  /** 0 to 1. */
  value: number;
  onChange(value: number): void;
}

function ShareField({ label, value, onChange }: ShareProps) {
  const locale = useLocale();
  const percent = <span className="text-xs text-soft tabular-nums">{formatPercent(value, locale)}</span>;
  return (
    <Field label={label} aside={percent}>
      {(ids) => (
        <Slider
          {...ids}
          min={5}
          max={100}
          step={5}
          value={Math.round(value * 100)}
          onChange={(percents) => onChange(percents / 100)}
        />
      )}
    </Field>
  );
}
