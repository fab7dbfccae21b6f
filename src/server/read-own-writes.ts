import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import type { Written } from "../replica/changes.ts";
import type { Replica } from "../replica/replica.ts";

/** A write of a replicated map answers with it; a request that sends it back sees at least that version. */
export const VERSION_HEADER = "millrace-version";
/** How long a version may take to come. */
const WAIT_MS = 1_000;
const MOST_MAPS = 10;

/** Requests with `millrace-version: users=12,presets=4` wait until this process has those versions. */
export function readOwnWrites(app: App, replica: Pick<Replica, "waitFor">): void {
  app.addHook("onRequest", (request, _, done) => {
    const header = request.headers[VERSION_HEADER];
    if (header === undefined) return done();
    const wanted = versionsOf(String(header));
    Promise.all(wanted.map(({ map, version }) => replica.waitFor(map, version, WAIT_MS))).then((arrived) => {
      if (arrived.every(Boolean)) return done();
      const text = "What you wrote has not arrived at this server yet.";
      done(new MillraceError("unavailable", text, { retryAfter: 1 }));
    }, done);
  });
}

/** The headers of an answer to a write. */
export function versionHeaders({ header }: Written): Record<string, string> {
  return header === "" ? {} : { [VERSION_HEADER]: header };
}

function versionsOf(header: string): { map: string; version: number }[] {
  const parts = header.split(",").map((part) => /^\s*([a-z0-9._-]{1,80})=(\d{1,15})\s*$/.exec(part));
  if (parts.length > MOST_MAPS || parts.includes(null)) {
    throw new MillraceError(
      "invalid_request",
      `${VERSION_HEADER} must be as an answer had it, such as users=12, of at most ${MOST_MAPS} maps.`,
    );
  }
  return parts.map((part) => ({ map: part![1]!, version: Number(part![2]) }));
}
