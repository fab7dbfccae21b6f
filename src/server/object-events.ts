import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { ObjectJobs } from "../engine/object-events/object-jobs.ts";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { documented } from "./api-schemas.ts";

/** Settings of the object store webhook. */
export interface ObjectEvents {
  jobs: ObjectJobs;
  /** The store sends it with each event. */
  secret: string;
}

/** Without settings, every request gets an error. */
export function objectEventRoutes(app: App, events: ObjectEvents | null): void {
  app.route({
    method: "POST",
    url: "/v1/object-events",
    // It checks its own secret.
    config: { access: "public" },
    schema: {
      operationId: "objectEvents",
      summary: "Receive object events from a bucket",
      description:
        "For S3-compatible stores that send events to a webhook. Each version of an object creates one job, however often it is announced.",
      tags: ["Operations"],
      headers: z.object({
        authorization: z.string().optional().describe("`Bearer` followed by the secret."),
      }),
      body: z.unknown().describe("An S3 event notification."),
      ...documented({ 200: z.object({ jobs: z.int().describe("Number of jobs created.") }) }, [
        "unauthorized",
        "not_found",
        "queue_full",
        "unavailable",
        "storage_full",
      ]),
    },
    async preValidation(request) {
      if (!events)
        throw new MillraceError("not_found", "This server is not configured to receive object events.");
      const given = request.headers.authorization?.replace(/^Bearer /i, "") ?? "";
      if (isSame(given, events.secret)) return;
      throw new MillraceError(
        "unauthorized",
        "The authorization does not match the secret for object events.",
      );
    },
    handler: (request) => events!.jobs.announce(request.body),
  });
}

/** Compares in constant time. */
function isSame(given: string, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
