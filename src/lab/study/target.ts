import { Agent, request } from "undici";
import type { Installation } from "../architectures/architecture.ts";
import { type Answer, type Target, unsuccessful } from "../load/target.ts";
import type { Worked, WorkFile } from "../workloads/workload.ts";

export interface StudyTarget extends Target {
  /** Calls an endpoint that does nothing. */
  idle(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** How long a poll waits for a job's end, unless it is the original's poll. */
const LOOK_SECONDS = 20;
const DETAIL_CHARACTERS = 200;

type JobAnswer = { id: string; status: string; error?: string } & Partial<Worked>;

/**
 * Any architecture, as its clients see it.
 * @param expected result for the file
 * @param polls whether to get the job's state right away, like the original's clients
 */
export function studyTarget(
  { url, path, answers, idleUrl }: Pick<Installation, "url" | "path" | "answers" | "idleUrl">,
  file: WorkFile,
  { expected, polls }: { expected: string; polls: boolean },
): StudyTarget {
  // Clients have their own timeouts, and do not share a connection.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const headers = { "content-type": file.mediaType, "x-file-name": encodeURIComponent(file.name) };

  async function ask(address: string, signal: AbortSignal, body?: Buffer) {
    const answer = await request(address, {
      method: body ? "POST" : "GET",
      headers: body ? headers : {},
      body: body ?? null,
      dispatcher: agent,
      signal,
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  function done(status: number, worked: Partial<Worked>): Answer {
    const { startedAt = null, endedAt = null, result } = worked;
    return { kind: "done", status, right: result === expected, startedAt, endedAt };
  }

  return {
    async send({ signal }) {
      const { status, text } = await ask(url + path, signal, file.data);
      if (status === 202) return { kind: "accepted", status, job: (JSON.parse(text) as JobAnswer).id };
      if (status !== 200) return unsuccessful(status, text.slice(0, DETAIL_CHARACTERS));
      return done(status, JSON.parse(text) as Worked);
    },
    ...(answers === "job" && {
      async look(job: string, signal: AbortSignal): Promise<Answer> {
        const wait = polls ? "" : `?wait=${LOOK_SECONDS}`;
        const { status, text } = await ask(`${url}${path}/${job}${wait}`, signal);
        if (status !== 200) return unsuccessful(status, text.slice(0, DETAIL_CHARACTERS));
        const found = JSON.parse(text) as JobAnswer;
        if (found.status === "done") return done(status, found);
        if (found.status === "failed") return { kind: "failed", status, detail: found.error ?? "failed" };
        return { kind: "pending", status };
      },
    }),
    async idle(signal) {
      const { status } = await ask(idleUrl, signal);
      if (status !== 200) throw new Error(`${idleUrl} returned ${status}`);
    },
    close: () => agent.destroy(),
  };
}
