import type { FormState, OptionProblem } from "./options.ts";

/** Props of each group of options. */
export interface OptionsProps {
  form: FormState;
  problems: ReadonlySet<OptionProblem>;
  onChange(change: Partial<FormState>): void;
}
