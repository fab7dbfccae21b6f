import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { Shares } from "../../accounts/shares.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Presets } from "../../engine/presets.ts";
import { MillraceError } from "../../errors.ts";
import type { Config } from "../config.ts";
import { pageFolder, samplesFolder } from "../package-folders.ts";

/** Whose jobs a request is about. */
export type RequestOwner = string | { owner: string; isAdmin?: boolean };

export interface HandlerOptions {
  /**
   * Says who sends a request: by your session, your token, your proxy's header. `null` refuses it with `401`. Without
   * this function everything belongs to one local user, and requests must come to a loopback name.
   */
  owner?(request: IncomingMessage): RequestOwner | null | Promise<RequestOwner | null>;
  /** @default true */
  page?: boolean;
}

/**
 * Answers what is Millrace's: `/v1`, `/docs`, `/openapi.json`, `/healthz`, `/readyz`, `/metrics` and the page. Anything
 * else goes to `next`, or is answered with `404` where there is none. Mount it at the root, before anything that reads
 * bodies.
 */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

export interface MountedHandler {
  handle: Handler;
  close(): Promise<void>;
}

interface Embedded {
  engine: Engine;
  shares: Shares;
  presets: Presets;
  config: Config;
  logger: FastifyBaseLogger;
}

const API = /^\/(v1|docs|samples|openapi\.json|healthz|readyz|metrics)(\/|\?|$)/;
/** Addresses that the page routes itself, and its files. */
const PAGE = /^\/(index\.html|jobs|pipelines|assets|schedules)?(\/|\?|$)/;

/** The API and the page over an engine of this process. What it needs is loaded at the first request. */
export function mountHandler(embedded: Embedded, options: HandlerOptions): MountedHandler {
  const hasPage = options.page ?? true;
  let opening: ReturnType<typeof open> | null = null;
  let closed = false;
  const app = () => {
    opening ??= open(embedded, options);
    return opening;
  };
  const handle: Handler = (request, response, next) => {
    const url = request.url ?? "/";
    const isOurs =
      API.test(url) || (hasPage && (PAGE.test(url) || /^\/[\w-]+\.(svg|png|ico|txt|webmanifest)$/.test(url)));
    if (!isOurs && next) return next();
    if (closed) return refuse(response, 503, "Millrace is closed.");
    if (request.readableDidRead) {
      return refuse(response, 500, "The body was read already: mount millrace.handler before body parsers.");
    }
    app().then(
      (server) => server.app.routing(request, response),
      (error: unknown) => (next ? next(error) : refuse(response, 500, "Millrace could not be opened.")),
    );
  };
  return {
    handle,
    async close() {
      closed = true;
      await (await opening)?.close();
    },
  };
}

async function open(
  { engine, presets, shares, config, logger }: Embedded,
  { owner, page = true }: HandlerOptions,
) {
  const { createServerApp } = await import("../../server/index.ts");
  const identify = async ({ raw }: { raw: IncomingMessage }) => {
    const found = await owner!(raw);
    if (found === null) throw new MillraceError("unauthorized", "Sign in first.");
    return typeof found === "string" ? { owner: found, isAdmin: false } : { isAdmin: false, ...found };
  };
  return createServerApp({
    engine,
    shares,
    presets,
    webRoot: page ? pageFolder() : null,
    samplesRoot: samplesFolder(),
    limits: { ownerStreams: config.quotaStreams },
    logger,
    publicUrl: config.publicUrl,
    ...(owner && { identify }),
  });
}

function refuse(response: ServerResponse, status: number, detail: string): void {
  const code = status === 503 ? "unavailable" : "internal";
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: `urn:millrace:error:${code}`, title: detail, status, detail, code }));
}
