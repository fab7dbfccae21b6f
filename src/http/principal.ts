import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Identity } from "../accounts/identities.ts";

export interface Principal {
  /** Owner of the jobs, files, events, uploads and quotas that the request is about. */
  readonly owner: string;
  /** May see and change what belongs to other owners. @default false */
  readonly isAdmin?: boolean;
  /** How the user authenticated. Absent if accounts are off. */
  readonly identity?: Identity;
}

/** Authenticates a request. Throws `unauthorized` and similar errors. */
export type Identify = (request: FastifyRequest) => Principal | Promise<Principal>;

declare module "fastify" {
  interface FastifyRequest {
    /** Set before any other hook of a route runs. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** The route does its own authentication and accepts requests from any site. */
    isOpen?: boolean;
  }
}

/** Sets `request.principal` on every request. Call it before adding routes. */
export function identifyRequests(
  app: Pick<FastifyInstance, "decorateRequest" | "addHook">,
  identify: Identify,
): void {
  // Declared first so that all requests keep one shape. The hook sets the value before anything reads it.
  app.decorateRequest("principal");
  app.addHook("onRequest", (request, _, done) => {
    if (request.routeOptions.config.isOpen) return done();
    const found = identify(request);
    if (!(found instanceof Promise)) {
      request.principal = found;
      return done();
    }
    found.then((principal) => {
      request.principal = principal;
      done();
    }, done);
  });
}
