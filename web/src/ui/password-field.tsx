import { type InputHTMLAttributes, useState } from "react";
import { useText } from "../i18n/locale.ts";
import { IconButton } from "./button.tsx";
import { classes } from "./classes.ts";
import { Field } from "./field.tsx";

type Props = Omit<InputHTMLAttributes<HTMLInputElement>, "value" | "onChange"> & {
  label: string;
  hint?: string;
  error?: string | null;
  aside?: React.ReactNode;
  /** `new-password` makes password managers suggest one. */
  autoComplete: "current-password" | "new-password";
  value: string;
  onChange(value: string): void;
};

export function PasswordField({ label, hint, error, aside, value, onChange, ...rest }: Props) {
  const text = useText();
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} error={error} aside={aside}>
      {(ids) => (
        <span className="relative block">
          <input
            {...ids}
            type={shown ? "text" : "password"}
            className="control pr-11"
            spellCheck={false}
            autoCapitalize="none"
            value={value}
            onChange={(event) => onChange(event.target.value)}
            {...rest}
          />
          <IconButton
            icon="eye"
            label={text.common.showPassword}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
            className={classes("absolute inset-y-0 right-0.5 my-auto", shown && "text-accent")}
          />
        </span>
      )}
    </Field>
  );
}
