import { useState } from "react";
import { MAX_MARK_CHARACTERS } from "../../../src/pipelines/image-convert/choices.ts";
import { useText } from "../i18n/locale.ts";
import { Field } from "../ui/field.tsx";
import { TextInput } from "../ui/inputs.tsx";

interface Props {
  value: string;
  invalid: boolean;
  onChange(value: string): void;
}

/** Marks an empty field once the user has left it. A message there would move the controls below, maybe during a click. */
export function WatermarkText({ value, invalid, onChange }: Props) {
  const words = useText().options;
  const [isLeft, setLeft] = useState(false);
  const isMissing = isLeft && value.trim() === "";
  return (
    <Field label={words.watermarkText} error={invalid ? words.errors.text : null}>
      {(ids) => (
        <TextInput
          {...ids}
          aria-invalid={isMissing || ids["aria-invalid"]}
          maxLength={MAX_MARK_CHARACTERS}
          placeholder={words.watermarkTextExample}
          value={value}
          onBlur={() => setLeft(true)}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
