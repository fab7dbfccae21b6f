import { useText } from "../i18n/locale.ts";
import { useFormContext } from "./form-context.ts";

export function useFieldError(path: string): string | null {
  const words = useText().form.errors;
  const { errors, issues } = useFormContext();
  const error = errors[path];
  if (!error) return issues.get(path) ?? null;
  return "limit" in error ? words[error.kind](error.limit) : words[error.kind];
}
