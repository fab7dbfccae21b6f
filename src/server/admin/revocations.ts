import { z } from "zod";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { Revocation } from "../../replica/revocations.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { applied, waitForAll } from "../replicas.ts";

/** Maximum per request. */
const MOST = 10_000;
const MAX_BYTES = 4 * 1024 * 1024;
/** Default lifetime of a revocation: no token of ours lives longer. */
const USUAL_MS = 24 * 3_600_000;

const id = z.string().min(1).max(300);
const times = {
  expiresAt: z.iso
    .datetime({ offset: true })
    .optional()
    .describe(
      "When the revocation can be deleted because no such token remains valid. Defaults to 24 hours from now.",
    ),
};
const revocation = z.union([
  z.strictObject({ jti: id.describe("Revokes the token with this id."), ...times }),
  z.strictObject({ sid: id.describe("Revokes all tokens of this session."), ...times }),
  z.strictObject({
    sub: id.describe("Revokes all tokens of this user that were issued until now."),
    before: z.iso
      .datetime({ offset: true })
      .optional()
      .describe("Tokens issued after this time remain valid."),
    ...times,
  }),
]);
const body = z.union([
  revocation,
  z.strictObject({ revocations: z.array(revocation).min(1).max(MOST).describe(`At most ${MOST}.`) }),
]);
const answer = z.object({
  revoked: z.int(),
  applied: applied
    .nullable()
    .describe("How many running processes already refuse the access. `null` without `wait`."),
});

export function revocationRoutes(app: App, { access, accounts, engine }: ServerContext): void {
  app.route({
    method: "POST",
    url: "/v1/admin/revocations",
    bodyLimit: MAX_BYTES,
    schema: {
      operationId: "revoke",
      summary: "Revoke access by token, session or user",
      description:
        "Every process refuses the access within a second. Sessions of Millrace accounts end permanently. You can also revoke tokens of other issuers that Millrace checks.",
      tags: ["Operations"],
      body,
      querystring: z.object({
        wait: waitForAll,
      }),
      ...documented({ 200: answer }, ["forbidden", "unavailable", "request_too_large"]),
    },
    async handler(request) {
      if (!access) throw new MillraceError("unavailable", "This server does not store revocations.");
      const given = "revocations" in request.body ? request.body.revocations : [request.body];
      const now = engine.store.now();
      const changes = access.revocations.changes(given.map((one) => revocationOf(one, now)));
      const { written } = await access.replica.commit(changes);
      await accounts?.sessions.endRevoked(
        given.flatMap((one) => ("sid" in one ? [one.sid] : [])),
        // With `before`, sessions that began later stay valid.
        given.flatMap((one) => ("sub" in one && one.before === undefined ? [one.sub] : [])),
      );
      const { wait } = request.query;
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
