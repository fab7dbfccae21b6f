/** One entry for each field that does not fit, with its path. */
export interface Issue {
  path: string;
  message: string;
}

/** Faults of a request that are told; what is wrong after them is seen when these are mended. */
export const MOST_ISSUES = 20;
const PATH_CHARACTERS = 200;
const MESSAGE_CHARACTERS = 300;

/** The first faults of many, as short as a person reads: paths and messages may hold what a client sent. */
export function firstIssues(issues: readonly { path: readonly PropertyKey[]; message: string }[]): Issue[] {
  return issues.slice(0, MOST_ISSUES).map(({ path, message }) => ({
    path: clipped(path.map(String).join("."), PATH_CHARACTERS),
    message: clipped(message, MESSAGE_CHARACTERS),
  }));
}

function clipped(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters)}…` : text;
}
