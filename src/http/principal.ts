import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Identity } from "../accounts/identities.ts";

/** Who sends a request. */
export interface Principal {
  /** Whose jobs, files, events, uploads and budgets the request is about. */
  readonly owner: string;
  /** May see and do what concerns all owners. @default false */
  readonly isAdmin?: boolean;
  /** How the user proved it; none where there are no accounts. */
  readonly identity?: Identity;
}

/** Finds out who sends a request; throws `unauthorized` and the like. */
export type Identify = (request: FastifyRequest) => Principal | Promise<Principal>;

declare module "fastify" {
  interface FastifyRequest {
    /** Known before any other hook of a route runs. */
    principal: Principal;
  }
  interface FastifyContextConfig {
    /** The route judges by itself who may ask it, from wherever. */
    isOpen?: boolean;
  }
}

/** Puts `request.principal` on every request. Called before the routes are added. */
export function identifyRequests(
  app: Pick<FastifyInstance, "decorateRequest" | "addHook">,
  identify: Identify,
): void {
  // Fastify keeps one shape for all requests; a request has its own before anyone reads it.
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
