import type { FormState, OptionProblem } from "./options.ts";

/** What each part of the options gets. */
export interface OptionsProps {
  form: FormState;
  problems: ReadonlySet<OptionProblem>;
  onChange(change: Partial<FormState>): void;
}
