import { METHODS } from "node:http";
import type { Authz } from "../authz/authz.ts";
import { CHECK_PATH } from "../authz/http-checks.ts";
import type { App } from "../http/app.ts";

/** Authorization checks for proxies, with any method that their client used. Add it before hooks for our own clients. */
export function checkRoutes(app: App, authz: Authz): void {
  const known: readonly string[] = app.supportedMethods;
  for (const method of METHODS) {
    if (!known.includes(method) && method !== "CONNECT") app.addHttpMethod(method);
  }
  for (const url of [CHECK_PATH, `${CHECK_PATH}/*`]) {
    app.route({
      ...{ method: app.supportedMethods, url },
      config: { isOpen: true },
      schema: { hide: true },
      // Answer before Fastify parses a body.
      onRequest(request, reply) {
        reply.hijack();
        authz.answer(request.raw, reply.raw);
      },
      handler() {},
    });
  }
}
