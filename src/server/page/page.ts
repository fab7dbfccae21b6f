import { readFile } from "node:fs/promises";
import { join } from "node:path";
import files from "@fastify/static";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../../http/app.ts";
import { pageHeaders } from "../../http/security-headers.ts";
import { inlineScriptSources } from "./inline-scripts.ts";

/** Names that the build makes of the content: such a file never changes. */
const HASHED = /[/\\]assets[/\\][^/\\]+-[\w-]{8,}\.\w+$/;
/** What is never one of the page's own addresses. */
const RESERVED = /^\/(v1|docs|samples|assets)(\/|$|\?)/;

export interface Page {
  /** Whether a request that no route answers is for an address that the page routes itself. */
  answers(request: FastifyRequest): boolean;
  send(reply: FastifyReply): FastifyReply;
}

const unbuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Millrace</title>
<body><h1>Millrace is running</h1>
<p>The page is not built: <code>npm start</code> and <code>npm run build</code> do that.</p>
<p>The API is here: <a href="/docs/">reference</a>, <a href="/openapi.json">OpenAPI</a>.</p></body></html>
`;

/** The page's files, and its document for every address that it routes itself. */
export async function servePage(app: App, webRoot: string | null): Promise<Page> {
  const html = webRoot === null ? unbuilt : await readFile(join(webRoot, "index.html"), "utf8");
  const headers = pageHeaders({ scripts: inlineScriptSources(html) });

  function send(reply: FastifyReply): FastifyReply {
    return reply.code(200).headers(headers).header("content-type", "text/html; charset=utf-8").send(html);
  }

  for (const url of ["/", "/index.html"]) {
    app.route({ method: "GET", url, schema: { hide: true }, handler: async (_, reply) => send(reply) });
  }
  if (webRoot !== null) {
    await app.register(files, {
      root: webRoot,
      prefix: "/",
      index: false,
      cacheControl: false,
      decorateReply: false,
      schemaHide: true,
      setHeaders(reply, path) {
        reply.headers(headers);
        if (HASHED.test(path)) reply.header("cache-control", "public, max-age=31536000, immutable");
      },
    });
  }

  return {
    send,
    answers({ method, url, headers: { accept = "" } }) {
      return (method === "GET" || method === "HEAD") && !RESERVED.test(url) && accept.includes("text/html");
    },
  };
}
