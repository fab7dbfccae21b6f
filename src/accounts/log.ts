/** Messages for operators. */
export interface AccountsLog {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
}
