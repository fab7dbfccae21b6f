import type { Worked, WorkSettings } from "../workloads/workload.ts";
import { ready, settingsOf } from "./child.ts";
import { type Answer, type Asked, fileOf, listen } from "./http.ts";

/** Serves Millrace under the original's routes, for the original's load scripts. Stateless. */
export interface GatewaySettings {
  path: string;
  /** URL of Millrace's own API. */
  api: string;
  work: WorkSettings;
}

const { path, api, work } = settingsOf<GatewaySettings>();

interface JobAnswer {
  id: string;
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  items: { result: Worked | null; error: { message: string } | null }[];
}

async function submit({ request }: Asked, answer: Answer): Promise<void> {
  const file = await fileOf(request);
  const form = new FormData();
  form.set("pipeline", "study.work");
  form.set("options", JSON.stringify(work));
  form.set("files", new Blob([new Uint8Array(file.data)], { type: file.mediaType }), file.name);
  const made = await fetch(`${api}/v1/jobs`, { method: "POST", body: form });
  const body = (await made.json()) as JobAnswer;
  if (made.status !== 202) return answer(made.status, body);
  answer(202, { id: body.id, status: body.state });
}

/** `?wait=` is Millrace's own parameter: the answer comes when the job ends, or after this many seconds. */
async function look({ rest, query }: Asked, answer: Answer): Promise<void> {
  const found = await fetch(`${api}/v1/jobs/${encodeURIComponent(rest)}?${query}`);
  const body = (await found.json()) as JobAnswer;
  if (found.status !== 200) return answer(found.status, body);
  const [item] = body.items;
  const { id, state } = body;
  if (state === "succeeded") answer(200, { id, status: "done", ...item?.result });
  else if (state === "failed" || state === "cancelled")
    answer(200, { id, status: "failed", error: item?.error?.message ?? state });
  else answer(200, { id, status: state });
}

const url = await listen({
  [`POST ${path}`]: submit,
  [`GET ${path}/*`]: look,
});
ready({ url });
