/** The error of a step that threw something it does not declare: clients get a reference, operators the cause. */

const START = "The step failed with an unexpected error.";

export function unexpectedMessage(reference: string): string {
  return `${START} The server's operator can find the cause under ${reference}, in the log and the dead letters.`;
}

export function isUnexpected(error: { message: string } | null): boolean {
  return error?.message.startsWith(START) === true;
}
