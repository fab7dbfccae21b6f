import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { Shares } from "../../accounts/shares.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Presets } from "../../engine/presets.ts";
import { MillraceError } from "../../errors.ts";
import type { Notices } from "../../notices/notices.ts";
import type { Application } from "../../server/application.ts";
import type { Webhooks } from "../../webhooks/webhooks.ts";
import type { Config } from "../config.ts";
import { pageFolder, samplesFolder } from "../package-folders.ts";

/** Whose jobs a request is about. */
export type RequestOwner = string | { owner: string; isAdmin?: boolean };

export interface HandlerOptions {
  /**
   * Identifies the sender of a request: by your session, your token, your proxy's header. `null` rejects it with `401`.
   * Without this function everything belongs to one local user, and requests must use a loopback host name.
   */
  owner?(request: IncomingMessage): RequestOwner | null | Promise<RequestOwner | null>;
  /** @default true */
  page?: boolean;
}

/**
 * Handles Millrace's own paths: `/v1`, `/docs`, `/openapi.json`, `/healthz`, `/readyz`, `/metrics` and the page.
 * Anything else goes to `next`, or gets a `404` if there is none. Mount it at the root, before anything that reads
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
  notices: Notices;
  webhooks: Webhooks;
  presets: Presets;
  application: Application | null;
  config: Config;
  logger: FastifyBaseLogger;
}

const API = /^\/(v1|docs|samples|openapi\.json|healthz|readyz|metrics)(\/|\?|$)/;
/** Paths that the page routes itself, and its files. */
const PAGE = /^\/(index\.html|jobs|pipelines|assets|schedules)?(\/|\?|$)/;

/** The API and the page over an engine in this process. Loads what it needs on the first request. */
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
      API.test(url) ||
      (hasPage && (PAGE.test(url) || /^\/[\w-]+\.(svg|png|ico|js|txt|webmanifest)$/.test(url))) ||
      isOf(embedded.application, url);
    if (!isOurs && next) return next();
    if (closed) return refuse(response, 503, "Millrace is closed.");
    if (request.readableDidRead) {
      return refuse(response, 500, "The body was already read. Mount millrace.handler before body parsers.");
    }
    app().then(
      (server) => server.app.routing(request, response),
      (error: unknown) => (next ? next(error) : refuse(response, 500, "Millrace could not start.")),
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

function isOf(application: Application | null, url: string): boolean {
  if (!application?.path || !url.startsWith(application.path)) return false;
  return /^([/?]|$)/.test(url.slice(application.path.length));
}

async function open(
  { engine, presets, shares, notices, webhooks, application, config, logger }: Embedded,
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
    notices,
    webhooks,
    presets,
    application,
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
