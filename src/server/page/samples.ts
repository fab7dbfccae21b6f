import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import files from "@fastify/static";
import type { App } from "../../http/app.ts";

/** Serves the sample files. `/samples/index.json` lists them. */
export async function serveSamples(app: App, samplesRoot: string | null): Promise<void> {
  const names = samplesRoot === null ? [] : await readdir(samplesRoot);
  if (!names.includes("index.json")) {
    const shown = names.filter((name) => typeOf(name) !== undefined).sort();
    const list = await Promise.all(
      shown.map(async (name) => ({
        name,
        url: `/samples/${encodeURIComponent(name)}`,
        mediaType: typeOf(name)!,
        bytes: (await stat(join(samplesRoot!, name))).size,
      })),
    );
    app.route({
      method: "GET",
      url: "/samples/index.json",
      schema: { hide: true },
      handler: async () => list,
    });
  }
  if (samplesRoot === null) return;
  await app.register(files, {
    root: samplesRoot,
    prefix: "/samples/",
    index: false,
    cacheControl: false,
    decorateReply: false,
    schemaHide: true,
    setHeaders: (reply) => void reply.header("cache-control", "no-cache"),
  });
}

const types: Readonly<Record<string, string>> = {
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".gif": "image/gif",
  ".tiff": "image/tiff",
  ".svg": "image/svg+xml",
  ".pdf": "application/pdf",
};

/** The files are ours, so their extensions can be trusted. */
function typeOf(name: string): string | undefined {
  return types[extname(name).toLowerCase()];
}
