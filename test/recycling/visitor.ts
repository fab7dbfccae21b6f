import type { Rewarded } from "../../examples/recycling/pipelines/reward.ts";

export interface Scan {
  id: string;
  state: string;
  stage: string;
  percent: number;
  result: Rewarded | null;
  error: { code: string; message: string } | null;
}

const password = "three unrelated words";

/** A user who has created an account, and logs in at this server. */
export async function visitor(url: string, email: string) {
  const send = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      ...{ method: "POST", headers: { "content-type": "application/json", ...headers } },
      body: JSON.stringify(body),
    });
  await send("/v1/auth/register", { email, password });
  const { accessToken } = (await (await send("/v1/auth/login", { email, password })).json()) as {
    accessToken: string;
  };
  const headers = { authorization: `Bearer ${accessToken}` };
  const get = (path: string, at = url) => fetch(at + path, { headers });
  // biome-ignore lint/suspicious/noExplicitAny: routes answer any JSON.
  const json = async (path: string): Promise<any> => (await get(path)).json();

  return {
    headers,
    get,
    json,
    post: (path: string, body: object = {}) => send(path, body, headers),
    async scan(photo: Buffer, options: object): Promise<{ id: string }> {
      const form = new FormData();
      form.set("pipeline", "recycling.scan");
      form.set("options", JSON.stringify(options));
      form.set("files", new Blob([new Uint8Array(photo)]), "photo.jpg");
      const made = await fetch(`${url}/v1/jobs`, { method: "POST", headers, body: form });
      if (made.status !== 202) throw new Error(`a scan was answered ${made.status}: ${await made.text()}`);
      return (await made.json()) as { id: string };
    },
    /** Waits for a scan to end. Returns it as clients that poll see it. */
    async ended(id: string): Promise<Scan> {
      await get(`/v1/jobs/${id}?wait=60`);
      const answer = await get(`/recycling/api/scans/${id}`);
      if (answer.status !== 200) throw new Error(`the scan was answered ${answer.status} after a minute`);
      return (await answer.json()) as Scan;
    },
  };
}
