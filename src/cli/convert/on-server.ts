import { randomUUID } from "node:crypto";
import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../errors.ts";
import { followJob } from "../client/event-stream.ts";
import { connectServer } from "../client/server-client.ts";
import { type ConvertEvent, type Converter, type ConvertJob, PIPELINE } from "./converter.ts";
import type { Accepts } from "./inputs.ts";

const WAIT_SECONDS = 2;

/** Conversions on a running Millrace. */
export function convertOnServer(url: string): Converter {
  const server = connectServer(url);
  return {
    server: url,
    async accepts() {
      type Answer = { accepts: Accepts & { maxFiles: number } };
      return (await server.get<Answer>(`/v1/pipelines/${PIPELINE}`)).accepts;
    },
    async submit(job, signal) {
      // The key makes it safe to ask again when no answer came.
      const headers = { "idempotency-key": randomUUID() };
      for (;;) {
        try {
          const body = await formOf(job);
          return (await server.post<{ id: string }>("/v1/jobs", body, { headers, signal })).id;
        } catch (error) {
          if (!(error instanceof MillraceError) || error.code !== "queue_full") throw error;
          await sleep((error.retryAfter ?? WAIT_SECONDS) * 1_000, undefined, { signal });
        }
      }
    },
    follow: (jobId, onEvent, signal) =>
      followJob(server, jobId, (event) => onEvent(event as ConvertEvent), signal),
    async open(artifactId, signal) {
      const response = await server.open(`/v1/artifacts/${encodeURIComponent(artifactId)}`, { signal });
      return Readable.fromWeb(response.body as ReadableStream);
    },
    async cancel(jobId) {
      await server.post(`/v1/jobs/${jobId}/cancel`);
    },
    close: async () => {},
  };
}

/** The files are read from the disk as they are sent. */
async function formOf({ files, options, watermark }: ConvertJob): Promise<FormData> {
  const form = new FormData();
  form.set("pipeline", PIPELINE);
  form.set("options", JSON.stringify(options));
  if (watermark !== null) form.set("watermark.image", await openAsBlob(watermark), basename(watermark));
  for (const { path, name, isRemote } of files) {
    if (isRemote) form.append("files", JSON.stringify([{ url: path }]));
    else form.append("files", await openAsBlob(path), name);
  }
  return form;
}
