/**
 * Two tabs do not go on with the same upload. Where the browser has no locks (outside of secure contexts) they
 * could: the server takes each byte once, and the key makes one job of it.
 */
const prefix = "millrace.upload.";

/** Held until it is given back, or the page is gone. */
export function holdLock(key: string): () => void {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  void navigator.locks?.request(prefix + key, { ifAvailable: true }, () => released);
  return release;
}

export async function lockedKeys(): Promise<ReadonlySet<string>> {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(held.map(({ name = "" }) => name.slice(prefix.length)));
}
