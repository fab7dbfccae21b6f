const STARS = "***";
/** From the scheme to the last `@`: a password may contain any character, including `/`, `:`, `?` and `@`. */
const PASSWORD = /(:\/\/[^:@/\s"]{0,200}):(?:\\.|[^\s"\\]){0,2000}@/g;
const SECRET =
  /((?<![\w.-])[\w.-]{0,40}(?:secret|pass|pwd|key|token|credential|signature)[\w.-]{0,40}=)(?:\\.|[^&;\s"\\])*/gi;

/**
 * Masks secrets in a text, such as a URL or a log line. Repetitions are bounded, because clients may control parts of
 * the text.
 */
export function masked(text: string): string {
  return text.replace(PASSWORD, `$1:${STARS}@`).replace(SECRET, `$1${STARS}`);
}
