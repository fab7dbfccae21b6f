import { createClient } from "../../client/index.ts";
import { contentOf } from "../download.ts";
import { fileAt } from "../run/options.ts";
import { PATIENCE } from "../watch.ts";
import { type ConvertEvent, type Converter, type ConvertJob, PIPELINE } from "./converter.ts";

/** Converts on a running Millrace server. */
export function convertOnServer(url: string): Converter {
  const server = createClient({ url, retries: 0 });
  return {
    server: url,
    accepts: async () => (await server.pipeline(PIPELINE)).accepts,
    async submit(job, signal) {
      const { id } = await server.submit(PIPELINE, await newJob(job), {
        signal,
        waitForRoom: true,
        ...PATIENCE,
      });
      return id;
    },
    async follow(jobId, onEvent, signal) {
      for await (const event of server.events(jobId, { signal, ...PATIENCE })) onEvent(event as ConvertEvent);
      signal.throwIfAborted();
    },
    open: (artifactId, signal) => contentOf(server, artifactId, signal),
    async cancel(jobId) {
      await server.cancel(jobId);
    },
    close: async () => {},
  };
}

async function newJob({ files, options, watermark }: ConvertJob) {
  const mark =
    watermark === null
      ? {}
      : { watermark: { ...(options.watermark as object), image: await fileAt(watermark) } };
  return {
    options: { ...options, ...mark },
    files: await Promise.all(files.map(({ path, isRemote }) => (isRemote ? { url: path } : fileAt(path)))),
  };
}
