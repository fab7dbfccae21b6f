import { useAccountText } from "../i18n/account-text.ts";
import { PasswordField } from "../ui/password-field.tsx";

/** Same as in `src/domain/accounts.ts`. The server has the last word. */
const leastCharacters = 10;

interface Props {
  label?: string;
  value: string;
  error?: string | null;
  autoFocus?: boolean;
  onChange(value: string): void;
}

export function NewPasswordField({ label, value, error, autoFocus, onChange }: Props) {
  const text = useAccountText();
  const { length } = [...value];
  const aside = length < leastCharacters ? text.characters(length, leastCharacters) : text.longEnough;
  return (
    <PasswordField
      label={label ?? text.password}
      hint={text.passwordHint}
      error={error}
      aside={length > 0 && <span className="text-xs text-faint tabular-nums">{aside}</span>}
      autoComplete="new-password"
      autoFocus={autoFocus}
      value={value}
      onChange={onChange}
    />
  );
}

export function isLongEnough(password: string): boolean {
  return [...password].length >= leastCharacters;
}
