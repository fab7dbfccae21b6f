/** Where the user wanted to go before logging in. */

const key = "millrace.next";

/** Accepts only paths of this page, so that a crafted link cannot redirect elsewhere. */
export function safePath(path: string | null): string {
  return path !== null && /^\/(?![/\\])/.test(path) && !path.startsWith("/login") ? path : "/";
}

/** For provider sign-in, which returns to the start page. */
export function rememberNext(path: string): void {
  try {
    sessionStorage.setItem(key, path);
  } catch {
    // Without storage, we forget it.
  }
}

/** Whether the browser may have come back from a provider, probably with a session. */
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
