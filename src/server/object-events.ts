import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { ObjectJobs } from "../engine/object-events/object-jobs.ts";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { documented } from "./api-schemas.ts";

/** What the webhook of a store needs. */
export interface ObjectEvents {
  jobs: ObjectJobs;
  /** That the store sends with each event. */
  secret: string;
}

/** Without settings for it, there is no such route. */
export function objectEventRoutes(app: App, events: ObjectEvents | null): void {
  app.route({
    method: "POST",
    url: "/v1/object-events",
    // It has a secret of its own.
    config: { access: "public" },
    schema: {
      operationId: "objectEvents",
      summary: "Objects that have appeared in a bucket",
      description:
        "For S3-compatible stores that send their events to a webhook. Each version of an object makes one job, however often it is announced.",
      tags: ["Operations"],
      headers: z.object({ authorization: z.string().optional().describe("`Bearer`, and the secret.") }),
      body: z.unknown().describe("A notification, as S3 sends it."),
      ...documented({ 200: z.object({ jobs: z.int().describe("Jobs that are new.") }) }, [
        "unauthorized",
        "not_found",
        "queue_full",
        "unavailable",
        "storage_full",
      ]),
    },
    async preValidation(request) {
      if (!events) throw new MillraceError("not_found", "No object events are expected here.");
      const given = request.headers.authorization?.replace(/^Bearer /i, "") ?? "";
      if (isSame(given, events.secret)) return;
      throw new MillraceError("unauthorized", "The authorization is not that of the object events.");
    },
    handler: (request) => events!.jobs.announce(request.body),
  });
}

/** Takes as long for any wrong secret. */
function isSame(given: string, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
