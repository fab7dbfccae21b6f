import { z } from "zod";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { Revocation } from "../../replica/revocations.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { versionHeaders } from "../read-own-writes.ts";

/** Of one request. */
const MOST = 10_000;
const MAX_BYTES = 4 * 1024 * 1024;
/** Of a revocation that does not say when it ends: no token of ours lives longer. */
const USUAL_MS = 24 * 3_600_000;

const id = z.string().min(1).max(300);
const times = {
  expiresAt: z.iso
    .datetime({ offset: true })
    .optional()
    .describe("When it may be forgotten, as no such token is left; in 24 hours by default."),
};
const revocation = z.union([
  z.strictObject({ jti: id.describe("The id of one token."), ...times }),
  z.strictObject({ sid: id.describe("A session: all of its tokens."), ...times }),
  z.strictObject({
    sub: id.describe("A user: all tokens that were issued until now."),
    before: z.iso.datetime({ offset: true }).optional().describe("Tokens issued later count."),
    ...times,
  }),
]);
const body = z.union([
  revocation,
  z.strictObject({ revocations: z.array(revocation).min(1).max(MOST).describe(`At most ${MOST}.`) }),
]);
const answer = z.object({
  revoked: z.int(),
  applied: z
    .object({ processes: z.int(), of: z.int() })
    .nullable()
    .describe("How many of the running processes refuse it by now; `null` without `wait`."),
});

export function revocationRoutes(app: App, { access, engine }: ServerContext): void {
  app.route({
    method: "POST",
    url: "/v1/admin/revocations",
    bodyLimit: MAX_BYTES,
    schema: {
      operationId: "revoke",
      summary: "Revoke access by token, session or user",
      description:
        "Every process refuses it within a second. Tokens of other issuers are revoked here too, where Millrace judges them.",
      tags: ["Operations"],
      body,
      querystring: z.object({
        wait: z.coerce
          .number()
          .min(0)
          .max(5)
          .default(0)
          .describe("Seconds to wait for all processes to apply it."),
      }),
      ...documented({ 200: answer }, ["forbidden", "unavailable", "request_too_large"]),
    },
    async handler(request, reply) {
      if (!access) throw new MillraceError("unavailable", "This server keeps no revocations.");
      const given = "revocations" in request.body ? request.body.revocations : [request.body];
      const now = engine.store.now();
      const changes = access.revocations.changes(given.map((one) => revocationOf(one, now)));
      const { written } = await access.replica.commit(changes);
      const { wait } = request.query;
      reply.headers(versionHeaders(written));
      return {
        revoked: given.length,
        applied: wait > 0 ? await access.applied(written, wait * 1_000) : null,
      };
    },
  });
}

function revocationOf(given: z.output<typeof revocation>, now: number): Revocation {
  const expiresAt = given.expiresAt === undefined ? now + USUAL_MS : Date.parse(given.expiresAt);
  if ("jti" in given) return { kind: "jti", id: given.jti, expiresAt };
  if ("sid" in given) return { kind: "sid", id: given.sid, expiresAt };
  const before = given.before === undefined ? now : Date.parse(given.before);
  return { kind: "sub", id: given.sub, expiresAt, before };
}
