import files from "@fastify/static";
import type { App } from "../../http/app.ts";
import type { Headers } from "../../http/security-headers.ts";

/** File names that the build derives from the content. Such files never change. */
const HASHED = /[/\\]assets[/\\][^/\\]+-[\w-]{8,}\.\w+$/;

/** Serves a page's files. Its HTML document has a separate route. */
export async function serveFiles(
  app: App,
  { root, prefix, headers }: { root: string; prefix: string; headers: Headers },
): Promise<void> {
  await app.register(files, {
    root,
    prefix,
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
