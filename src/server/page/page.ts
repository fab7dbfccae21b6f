import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../../http/app.ts";
import { pageHeaders } from "../../http/security-headers.ts";
import { serveFiles } from "./files.ts";
import { inlineScriptSources } from "./inline-scripts.ts";

/** Paths that the page never routes itself. */
const RESERVED = /^\/(v1|docs|samples|assets)(\/|$|\?)/;

export interface Page {
  /** Whether a request that matches no route is for a path that the page routes itself. */
  answers(request: FastifyRequest): boolean;
  send(reply: FastifyReply): FastifyReply;
}

const unbuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Millrace</title>
<body><h1>Millrace is running</h1>
<p>The page is not built: <code>npm start</code> and <code>npm run build</code> do that.</p>
<p>The API is here: <a href="/docs/">reference</a>, <a href="/openapi.json">OpenAPI</a>.</p></body></html>
`;

/** Serves the page's files, and its document for every path that it routes itself. */
export async function servePage(app: App, webRoot: string | null): Promise<Page> {
  const html = webRoot === null ? unbuilt : await readFile(join(webRoot, "index.html"), "utf8");
  const headers = pageHeaders({ scripts: inlineScriptSources(html) });

  function send(reply: FastifyReply): FastifyReply {
    return reply.code(200).headers(headers).header("content-type", "text/html; charset=utf-8").send(html);
  }

  for (const url of ["/", "/index.html"]) {
    app.route({ method: "GET", url, schema: { hide: true }, handler: async (_, reply) => send(reply) });
  }
  if (webRoot !== null) await serveFiles(app, { root: webRoot, prefix: "/", headers });

  return {
    send,
    answers({ method, url, headers: { accept = "" } }) {
      return (method === "GET" || method === "HEAD") && !RESERVED.test(url) && accept.includes("text/html");
    },
  };
}
