import { open } from "node:fs/promises";

/**
 * Makes the entries of directories durable. Callers that come while a directory is being synced share the next sync,
 * which starts after their change and so covers it.
 */
export function directorySync(): (directory: string) => Promise<void> {
  const running = new Map<string, { present: Promise<void>; next: Promise<void> | null }>();

  const start = (directory: string): Promise<void> => {
    const state = { present: syncOnce(directory), next: null as Promise<void> | null };
    running.set(directory, state);
    const ended = () => {
      if (running.get(directory) === state) running.delete(directory);
    };
    state.present.then(ended, ended);
    return state.present;
  };

  return (directory) => {
    const state = running.get(directory);
    if (!state) return start(directory);
    state.next ??= state.present.catch(() => undefined).then(() => start(directory));
    return state.next;
  };
}

async function syncOnce(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
