import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The server under attack, which runs on this machine for this purpose only. */
export interface Target {
  url: string;
  port: number;
  /** Process id of the API. */
  pid: number;
  /** Process ids of the workers. */
  workers: readonly number[];
  /** Whether to try less than in a full attack. */
  short: boolean;
}

export interface Attack {
  name: string;
  /** Whether it is too long for a short run, because it waits for much work to end. */
  isLong?: boolean;
  /** Takes a minute or two. @returns what the server did not withstand; nothing if all is well */
  run(target: Target): Promise<{ tries: number; findings: string[] }>;
}

const samples = join(import.meta.dirname, "..", "..", "samples");
export const photo = readFileSync(join(samples, "flower.png"));

export function pictureForm(content: Buffer = photo, name = "a.png"): FormData {
  const form = new FormData();
  form.set("pipeline", "image.convert");
  form.append("files", new Blob([new Uint8Array(content)]), name);
  return form;
}

export function post(target: Target, path: string, body: FormData | string): Promise<Response> {
  const headers: Record<string, string> =
    typeof body === "string" ? { "content-type": "application/json" } : {};
  return fetch(target.url + path, { method: "POST", headers, body });
}

/** Resident memory of the API, in MiB. */
export function memoryOf({ pid }: Target): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return (pages * 4_096) / 2 ** 20;
}

/** CPU time of the API so far, in ms. Unlike wall time, it does not depend on how busy the machine is. */
export function processorTimeOf({ pid }: Target): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export interface EndedJob {
  state: string;
  /** `null` while it runs. */
  finishedAt: string | null;
  items: { error: { code: string } | null }[];
}

const WAIT_SECONDS = 60;

/** Waits for the job to end, for at most `waits` minutes. */
export async function endedJob(url: string, id: string, waits = 1): Promise<EndedJob> {
  const answer = await fetch(`${url}/v1/jobs/${id}?wait=${WAIT_SECONDS}`);
  const job = (await answer.json()) as EndedJob;
  return job.finishedAt !== null || waits <= 1 ? job : endedJob(url, id, waits - 1);
}
