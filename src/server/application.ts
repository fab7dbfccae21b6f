import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { type Device, pageHeaders } from "../http/security-headers.ts";
import { serveFiles } from "./page/files.ts";
import { inlineScriptSources } from "./page/inline-scripts.ts";
import type { Page } from "./page/page.ts";

/** A team's own page and routes, served by the server that runs its pipelines. */
export interface Application {
  /** Path prefix of the page and the routes, such as `/faces`. */
  readonly path: string;
  /** Folder of the page, with an `index.html`. `null` if there is no page. */
  readonly pageRoot: string | null;
  /** Browser permissions that the page may request. */
  readonly devices: readonly Device[];
  addRoutes(scope: App): Promise<void>;
}

/** Paths that Millrace or its page use. */
const TAKEN = new Set([
  ...["v1", "docs", "samples", "healthz", "readyz", "metrics", "authz", "assets", "pdf"],
  ...["jobs", "pipelines", "schedules", "webhooks", "notifications", "admin", "users"],
  ...["account", "login", "register", "invite", "reset", "verify", "shared"],
]);
const PATH = /^\/[a-z0-9][a-z0-9-]{0,63}$/;

/** Why an application cannot use this path. `null` if it can. */
export function wrongPath(path: string): string | null {
  if (!PATH.test(path)) return `${path} must be one name of a-z, 0-9 and "-" after a slash, such as /faces`;
  return TAKEN.has(path.slice(1)) ? `${path} is reserved for Millrace` : null;
}

/** Adds the routes and the page. Call it after adding Millrace's own routes. */
export async function serveApplication(app: App, application: Application): Promise<Page | null> {
  const { path, pageRoot, devices } = application;
  await app.register(
    async (scope) => {
      // Closed by default, like Millrace's own routes.
      scope.addHook("onRoute", (route) => {
        route.config = { access: "user", ...route.config };
      });
      await application.addRoutes(scope as App);
    },
    { prefix: path },
  );
  return pageRoot === null ? null : servePageOf(app, { path, pageRoot, devices });
}

async function servePageOf(
  app: App,
  { path, pageRoot: root, devices }: { path: string; pageRoot: string; devices: readonly Device[] },
): Promise<Page> {
  const html = await readFile(join(root, "index.html"), "utf8").catch((cause: Error) => {
    throw new MillraceError("config_invalid", `The page of ${path} cannot be read: ${cause.message}`, {
      cause,
    });
  });
  const headers = pageHeaders({ scripts: inlineScriptSources(html), devices });
  const send = (reply: FastifyReply) =>
    reply.code(200).headers(headers).header("content-type", "text/html; charset=utf-8").send(html);
  const schema = { hide: true };
  app.route({
    method: "GET",
    url: path,
    schema,
    handler: async (_, reply) => reply.redirect(`${path}/`, 308),
  });
  for (const url of [`${path}/`, `${path}/index.html`]) {
    app.route({ method: "GET", url, schema, handler: async (_, reply) => send(reply) });
  }
  await serveFiles(app, { root, prefix: `${path}/`, headers });
  return { send, answers: (request) => isBelow(path, request) };
}

function isBelow(path: string, { method, url, headers: { accept = "" } }: FastifyRequest): boolean {
  return (
    (method === "GET" || method === "HEAD") && url.startsWith(`${path}/`) && accept.includes("text/html")
  );
}
