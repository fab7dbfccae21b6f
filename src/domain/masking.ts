const STARS = "***";
/** From a scheme to the last `@`: a password may hold any character, `/`, `:`, `?` and `@` among them. */
const PASSWORD = /(:\/\/[^:@/\s"]{0,200}):(?:\\.|[^\s"\\]){0,2000}@/g;
const SECRET =
  /((?<![\w.-])[\w.-]{0,40}(?:secret|pass|pwd|key|token|credential|signature)[\w.-]{0,40}=)(?:\\.|[^&;\s"\\])*/gi;

/**
 * A text, such as a URL or a line of the log, without what must not be printed. Repetitions are
 * bounded, since a client may have a hand in the text.
 */
export function masked(text: string): string {
  return text.replace(PASSWORD, `$1:${STARS}@`).replace(SECRET, `$1${STARS}`);
}
