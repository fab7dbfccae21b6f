import { createClient } from "../../../src/client/index.ts";
import { connection } from "../connection/connection.ts";
import type {
  Attempt,
  Job,
  JobItem,
  NewItem,
  NewSchedule,
  Page,
  Part,
  Pipeline,
  SamplePicture,
  Schedule,
  Timing,
} from "./contract.ts";

let renew: () => Promise<boolean> = async () => false;

/** Sets what to do when the session has expired. If it resolves to `true`, the request is sent again. */
export function onUnauthorized(ask: () => Promise<boolean>): void {
  renew = ask;
}

/** Requests are not retried: errors are shown, and queries run again when the server is back. */
export const client = createClient({ connection, retries: 0, renew: () => renew() });
/** Consecutive failures of an upload before it gives up, while the server is reachable. */
const patience = { retries: 8 };

/** One function per API call. Each rejects with a `Problem`. */

export function listPipelines(signal?: AbortSignal): Promise<Pipeline[]> {
  return client.pipelines({ signal });
}

export function getPipeline(name: string, signal?: AbortSignal): Promise<Pipeline> {
  return client.pipeline(name, { signal });
}

export function listJobs(
  filter: { state?: string; pipeline?: string; q?: string; cursor?: string | null },
  signal?: AbortSignal,
): Promise<Page<Job>> {
  return client.jobs({ ...filter, limit: 25 }, { signal });
}

export interface NewJob {
  pipeline: string;
  /** Files in it are `{uploadId}`. */
  options: unknown;
  files: readonly (({ uploadId: string } | { url: string } | { artifactId: string }) & {
    options?: object;
  })[];
  /** Data items instead of files. */
  items?: readonly NewItem[];
  /** A file that the pipeline does not accept becomes a failed item, while the others run. */
  onInvalidFile: "skip";
}

/** @param idempotencyKey makes retries safe: the server returns the first job */
export function createJob(
  { pipeline, ...job }: NewJob,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<Job> {
  return client.submit(pipeline, job, { idempotencyKey, signal, ...patience });
}

export interface SendOptions {
  /** An upload to resume. */
  uploadId: string | null;
  signal: AbortSignal;
  onStart(uploadId: string): void;
  onProgress(sent: number): void;
}

/** Resolves when the server has the whole file. Resumes after every lost connection. */
export function sendFile(file: File, options: SendOptions): Promise<string> {
  return client.upload(file, { ...options, ...patience });
}

export function removeUpload(id: string): Promise<void> {
  return client.removeUpload(id);
}

export function getJob(id: string, signal?: AbortSignal): Promise<Job> {
  return client.job(id, { signal });
}

export function listItems(
  id: string,
  filter: { cursor?: string | null; state?: string; limit?: number },
  signal?: AbortSignal,
): Promise<Page<JobItem>> {
  return client.items(id, filter, { signal });
}

export function listParts(
  id: string,
  index: number,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Part>> {
  return client.parts(id, index, { cursor }, { signal });
}

/** For operators. */
export function listAttempts(
  id: string,
  filter: { index?: number | undefined; part?: number | undefined; limit?: number; cursor?: string | null },
  signal?: AbortSignal,
): Promise<Page<Attempt>> {
  return client.admin.timeline(id, filter, { signal });
}

export async function cancelJob(id: string): Promise<void> {
  await client.cancel(id);
}

export async function retryJob(id: string): Promise<void> {
  await client.retry(id);
}

export function deleteJob(id: string): Promise<void> {
  return client.remove(id);
}

/** @param all schedules of all users and pipelines, which only operators see */
export function listSchedules(
  { all, cursor }: { all: boolean; cursor: string | null },
  signal?: AbortSignal,
): Promise<Page<Schedule>> {
  return schedulesOf(all).list({ limit: 50, cursor }, { signal });
}

export function createSchedule(pipeline: string, schedule: NewSchedule): Promise<Schedule> {
  return client.schedules.create(pipeline, schedule);
}

/** The next due times of a schedule. */
export function previewSchedule(timing: Timing, signal?: AbortSignal): Promise<string[]> {
  return client.schedules.preview(timing, { signal });
}

export async function actOnSchedule(
  { all, id }: { all: boolean; id: string },
  action: "pause" | "resume" | "run",
): Promise<void> {
  await schedulesOf(all)[action](id);
}

function schedulesOf(all: boolean) {
  return all ? client.admin.schedules : client.schedules;
}

export function removeSchedule(id: string): Promise<void> {
  return client.schedules.remove(id);
}

export async function listSamples(signal?: AbortSignal): Promise<SamplePicture[]> {
  return (await client.request("/samples/index.json", { signal })).json();
}

export async function fetchSample(sample: SamplePicture): Promise<File> {
  const blob = await (await client.request(sample.url, { headers: { accept: "*/*" } })).blob();
  return new File([blob], sample.name, { type: sample.mediaType });
}

export async function fetchText(artifactId: string, bytes: number, signal?: AbortSignal): Promise<string> {
  return (await client.artifact(artifactId, { signal, range: `bytes=0-${bytes - 1}` })).text();
}

export const { archiveUrl, artifactUrl } = client;
