import { sha256 } from "../../domain/ledger/content-key.ts";
import { MillraceError } from "../../errors.ts";
import type { ObjectPlace } from "../../ports/objects.ts";
import type { Engine } from "../engine.ts";
import { createdObjects } from "./notification.ts";
import { objectUrl } from "./object-url.ts";

/** Objects whose key has this prefix and suffix become jobs of a pipeline. */
export interface ObjectRoute {
  bucket: string;
  prefix: string;
  suffix: string;
  pipeline: string;
  options: unknown;
  owner: string;
  priority?: number;
}

export interface ObjectJobs {
  /**
   * Creates the jobs of the objects that a notification announces, one for each object version and route, however often
   * it is announced. Resolves once none of them can be lost. Rejects with `invalid_request` for an invalid
   * notification, and with `queue_full` and other errors of `createJob`: the notification must then be delivered again.
   */
  announce(notification: unknown): Promise<{ jobs: number }>;
}

/** How long a repeated announcement is recognized, as long as its job is still listed. */
const REMEMBERED_MS = 366 * 24 * 3_600_000;

/** @throws MillraceError `config_invalid` if a route names an unknown pipeline, or options that it does not take */
export function objectJobs(engine: Engine, routes: readonly ObjectRoute[]): ObjectJobs {
  for (const route of routes) check(engine, route);

  async function create(place: ObjectPlace, route: ObjectRoute): Promise<boolean> {
    const { pipeline, options, owner, priority } = route;
    const idempotencyKey = keyOf(place, route);
    const admission = await engine.admit({
      ...{ owner, pipeline, tasks: 1, fetches: true, idempotencyKey, fromInside: true },
    });
    let created = false;
    try {
      const made = await engine.createJob({
        owner,
        pipeline,
        options,
        priority,
        files: [{ object: objectUrl(place) }],
        metadata: metadataOf(place),
        idempotencyKey,
        idempotencyMs: REMEMBERED_MS,
        admission,
        fromInside: true,
      });
      created = made.created;
    } catch (error) {
      // The route's options have changed since, but the object already has its job.
      if (!(error instanceof MillraceError && error.code === "idempotency_mismatch")) throw error;
    } finally {
      if (!created) await admission.release();
    }
    return created;
  }

  return {
    async announce(notification) {
      let jobs = 0;
      for (const place of createdObjects(notification)) {
        for (const route of routes.filter((one) => fits(place, one))) {
          if (await create(place, route)) jobs++;
        }
      }
      return { jobs };
    },
  };
}

function fits({ bucket, key }: ObjectPlace, route: ObjectRoute): boolean {
  const isFolder = key.endsWith("/");
  return bucket === route.bucket && !isFolder && key.startsWith(route.prefix) && key.endsWith(route.suffix);
}

function keyOf({ bucket, key, version, etag }: ObjectPlace, { pipeline }: ObjectRoute): string {
  return `object-${sha256(JSON.stringify([pipeline, bucket, key, version ?? ["etag", etag]]))}`;
}

function metadataOf({ bucket, key, version }: ObjectPlace): Record<string, string> {
  return { bucket, key: key.slice(0, 1_000), ...(version !== null && { version: version.slice(0, 1_000) }) };
}

function check({ pipelines }: Engine, { pipeline: name, options, bucket, prefix }: ObjectRoute): void {
  const route = `The object events of ${bucket}/${prefix}`;
  const pipeline = pipelines.get(name);
  if (!pipeline)
    throw new MillraceError("config_invalid", `${route} name the pipeline ${name}, which does not exist.`);
  if (pipeline.accepts.maxFiles === 0) {
    throw new MillraceError("config_invalid", `${route} name the pipeline ${name}, which takes no files.`);
  }
  const parsed = pipeline.options.safeParse(options);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  const text = `${route} have options that ${name} does not accept: ${issue!.path.join(".")} ${issue!.message}.`;
  throw new MillraceError("config_invalid", text);
}
