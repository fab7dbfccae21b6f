import { useAccountText } from "../i18n/account-text.ts";
import { Field } from "../ui/field.tsx";
import { TextInput } from "../ui/inputs.tsx";

interface Props {
  label?: string;
  value: string;
  error?: string | null;
  hint?: string;
  optional?: boolean;
  /** The address cannot be changed. */
  fixed?: boolean;
  autoFocus?: boolean;
  onChange?(value: string): void;
}

export function EmailField({
  label,
  value,
  error,
  hint,
  optional = false,
  fixed = false,
  autoFocus,
  onChange,
}: Props) {
  const text = useAccountText();
  return (
    <Field
      label={label ?? text.email}
      hint={hint}
      error={error}
      aside={optional && <span className="text-xs text-faint">{text.optional}</span>}
    >
      {(ids) => (
        <TextInput
          {...ids}
          type="email"
          name="email"
          autoComplete={optional ? "off" : "username"}
          autoCapitalize="none"
          spellCheck={false}
          autoFocus={autoFocus}
          readOnly={fixed}
          className={fixed ? "bg-sunken text-soft" : undefined}
          value={value}
          onChange={(event) => onChange?.(event.target.value)}
        />
      )}
    </Field>
  );
}

/** Only rejects what is certainly not an address. Only an email can tell whether it works. */
export function looksLikeEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text.trim());
}
