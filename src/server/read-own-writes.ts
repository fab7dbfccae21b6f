import type { FastifyRequest } from "fastify";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import type { Written } from "../replica/own-writes.ts";
import { collectWrites, type OwnWrites, writtenOf } from "../replica/own-writes.ts";
import type { Replica } from "../replica/replica.ts";

/** A write to a replicated map returns it. A request that sends it back sees at least that version. */
export const VERSION_HEADER = "millrace-version";
/** How long to wait for a version to arrive. */
const WAIT_MS = 1_000;
const MOST_MAPS = 10;

/** Makes requests with `millrace-version: users=12,presets=4` wait until this process has those versions. */
export function readOwnWrites(app: App, replica: Pick<Replica, "waitFor">): void {
  app.addHook("onRequest", (request, _, done) => {
    const header = request.headers[VERSION_HEADER];
    if (header === undefined) return done();
    const wanted = versionsOf(String(header));
    Promise.all(wanted.map(({ map, version }) => replica.waitFor(map, version, WAIT_MS))).then((arrived) => {
      if (arrived.every(Boolean)) return done();
      const text = "Your change has not reached this server yet.";
      done(new MillraceError("unavailable", text, { retryAfter: 1 }));
    }, done);
  });
}

/** Job and upload routes change no map, and get most of the traffic. */
const WITHOUT_MAPS = /^\/v1\/(?:jobs|uploads)(?:\/|$)/;

/** Adds the versions that a request wrote to its response. Call it before adding routes. */
export function tellWrites(app: App): void {
  app.addHook("onRoute", (route) => {
    const reads = [route.method].flat().every((method) => method === "GET" || method === "HEAD");
    if (reads || WITHOUT_MAPS.test(route.url)) return;
    const before = [route.preHandler ?? []].flat();
    route.preHandler = [
      // The body has been read by now, in its connection's async context.
      (request, _, done) => {
        const writes: OwnWrites = new Map();
        ownWrites.set(request, writes);
        collectWrites(writes, done);
      },
      ...before,
    ];
    const sending = [route.onSend ?? []].flat();
    route.onSend = [
      ...sending,
      (request, reply, _, done) => {
        const { header } = writtenBy(request);
        if (header !== "") reply.header(VERSION_HEADER, header);
        done();
      },
    ];
  });
}

const ownWrites = new WeakMap<FastifyRequest, OwnWrites>();

/** Versions that a request has written so far. */
export function writtenBy(request: FastifyRequest): Written {
  return writtenOf(ownWrites.get(request) ?? new Map());
}

function versionsOf(header: string): { map: string; version: number }[] {
  const parts = header.split(",").map((part) => /^\s*([a-z0-9._-]{1,80})=(\d{1,15})\s*$/.exec(part));
  if (parts.length > MOST_MAPS || parts.includes(null)) {
    throw new MillraceError(
      "invalid_request",
      `${VERSION_HEADER} must be a value from an earlier response, such as users=12, with at most ${MOST_MAPS} maps.`,
    );
  }
  return parts.map((part) => ({ map: part![1]!, version: Number(part![2]) }));
}
