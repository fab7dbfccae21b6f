/** Where somebody wanted to go who had to log in first. */

const key = "millrace.next";

/** Only a path of this page: an address in a link must not lead elsewhere. */
export function safePath(path: string | null): string {
  return path !== null && /^\/(?![/\\])/.test(path) && !path.startsWith("/login") ? path : "/";
}

/** For the way over a provider, which leads back to the start page. */
export function rememberNext(path: string): void {
  try {
    sessionStorage.setItem(key, path);
  } catch {
    // A browser that forbids storage only forgets it.
  }
}

/** Whether the browser comes from a provider, probably with a session. */
export function hasNext(): boolean {
  try {
    return sessionStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

export function takeNext(): string | null {
  try {
    const path = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    return path;
  } catch {
    return null;
  }
}
