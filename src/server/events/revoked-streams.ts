import type { Identity } from "../../accounts/identities.ts";
import type { Principal } from "../../http/principal.ts";

interface Stream {
  readonly ended: Promise<void>;
  end(): void;
}

/** How long a stream may outlive its session or key. */
const CHECK_MS = 500;

/** Ends streams whose session or API key has been revoked. One check covers all streams of a session. */
export function endRevoked() {
  const watched = new Map<string, { identity: Identity; streams: Set<Stream> }>();
  let isChecking = false;

  async function check(): Promise<void> {
    if (isChecking) return;
    isChecking = true;
    try {
      await Promise.all(
        [...watched.values()].map(async ({ identity, streams }) => {
          // If the check fails, keep the streams: their users were entitled to them.
          const holds = await identity.holds().catch(() => true);
          if (!holds) for (const stream of streams) stream.end();
        }),
      );
    } finally {
      isChecking = false;
    }
  }

  const timer = setInterval(() => void check(), CHECK_MS);
  timer.unref();

  return {
    watch(stream: Stream, { identity }: Principal): void {
      if (!identity) return;
      const key = `${identity.sessionId ?? ""} ${identity.keyId ?? ""} ${identity.user.generation}`;
      const known = watched.get(key) ?? { identity, streams: new Set() };
      watched.set(key, known);
      known.streams.add(stream);
      void stream.ended.then(() => {
        known.streams.delete(stream);
        if (known.streams.size === 0 && watched.get(key) === known) watched.delete(key);
      });
    },
    close: () => clearInterval(timer),
  };
}
