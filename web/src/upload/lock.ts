/**
 * Keeps two tabs from resuming the same upload. Without Web Locks (outside of secure contexts) they could, but the
 * server accepts each byte only once, and the idempotency key prevents a second job.
 */
const prefix = "millrace.upload.";

/** Held until released, or until the page is closed. */
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
