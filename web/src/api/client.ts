import type { Job, JobItem, JobState, Page, Pipeline, SamplePicture } from "./contract.ts";
import { request } from "./request.ts";

/** One function a call of the contract. Each rejects with a `Problem`. */

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request(path, { signal })).json();
}

function query(values: Record<string, string | number | null | undefined>): string {
  const filled = Object.entries(values).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const search = new URLSearchParams(filled.map(([key, value]) => [key, String(value)])).toString();
  return search && `?${search}`;
}

export async function listPipelines(signal?: AbortSignal): Promise<Pipeline[]> {
  return (await get<{ items: Pipeline[] }>("/v1/pipelines", signal)).items;
}

export function getPipeline(name: string, signal?: AbortSignal): Promise<Pipeline> {
  return get(`/v1/pipelines/${encodeURIComponent(name)}`, signal);
}

export function listJobs(
  filter: { state?: string; pipeline?: string; cursor?: string | null },
  signal?: AbortSignal,
): Promise<Page<Job>> {
  return get(`/v1/jobs${query({ ...filter, limit: 25 })}`, signal);
}

export interface NewJob {
  pipeline: string;
  /** Files among them are `{uploadId}`. */
  options: unknown;
  files: readonly ({ uploadId: string } | { url: string })[];
  /** A file that the pipeline does not accept fails by itself, while the others run. */
  onInvalidFile: "skip";
}

/** @param key the same key makes a repeated request safe: the server answers with the first job */
export async function createJob(job: NewJob, key: string, signal: AbortSignal): Promise<Job> {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  const body = JSON.stringify(job);
  return (await request("/v1/jobs", { method: "POST", headers, body, signal })).json();
}

export function getJob(id: string, signal?: AbortSignal): Promise<Job> {
  return get(`${jobPath(id)}`, signal);
}

export function listItems(
  id: string,
  filter: { cursor?: string | null; state?: string; limit?: number },
  signal?: AbortSignal,
): Promise<Page<JobItem>> {
  return get(`${jobPath(id)}/items${query(filter)}`, signal);
}

export async function cancelJob(id: string): Promise<void> {
  await request(`${jobPath(id)}/cancel`, { method: "POST" });
}

export async function retryJob(id: string): Promise<void> {
  await request(`${jobPath(id)}/retry`, { method: "POST" });
}

export async function deleteJob(id: string): Promise<void> {
  await request(jobPath(id), { method: "DELETE" });
}

export function listSamples(signal?: AbortSignal): Promise<SamplePicture[]> {
  return get("/samples/index.json", signal);
}

export async function fetchSample(sample: SamplePicture): Promise<File> {
  const blob = await (await request(sample.url, { headers: { accept: "*/*" } })).blob();
  return new File([blob], sample.name, { type: sample.mediaType });
}

export async function fetchText(artifactId: string, signal?: AbortSignal): Promise<string> {
  const response = await request(artifactUrl(artifactId), {
    signal,
    headers: { accept: "*/*", range: "bytes=0-65535" },
  });
  return response.text();
}

export function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

export function archiveUrl(id: string): string {
  return `${jobPath(id)}/archive`;
}

export function artifactUrl(artifactId: string): string {
  return `/v1/artifacts/${encodeURIComponent(artifactId)}`;
}

export type { JobState };
