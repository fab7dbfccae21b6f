import { afterEach, expect, test } from "vitest";
import { copy, count, form, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";
import { signedIn, type Visitor } from "./visitors.ts";

let server: Running;
afterEach(() => server.close());

const MIB = 1024 * 1024;
type User = Visitor & { id: string; token: string };

function send(user: User, content: string | Buffer, fields: Record<string, string> = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${user.token}` };
  const body = form("copy", [["a.txt", content]], fields);
  return fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body });
}

/** Text of the given size, with different content each time. */
const text = (bytes: number) => Buffer.from(`${Math.random()}`.padEnd(bytes, "x"));

test("jobs in flight: the one too many is refused, and there is room when one ends", async () => {
  server = await start({ pipelines: [copy, count], accounts: { quotaJobs: "2" }, worker: false });
  const ada = await signedIn(server, "ada@example.org");
  const ben = await signedIn(server, "ben@example.org");
  const slow = { options: '{"ms":60000}' };
  const first = (await (await send(ada, "1", slow)).json()) as { id: string };
  expect((await send(ada, "2", slow)).status).toBe(202);
  const refused = await send(ada, "3");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await problemOf(refused)).toMatchObject({ code: "quota_exceeded", quota: "jobs", limit: 2 });
  expect((await send(ben, "other")).status).toBe(202);
  await ada.json(200, `/v1/jobs/${first.id}/cancel`, undefined, "POST");
  expect((await send(ada, "3", slow)).status).toBe(202);

  await server.accounts!.users.administer(ada.id, { quotas: { jobs: null } });
  expect((await send(ada, "4", slow)).status).toBe(202);
  expect(await ada.json(200, "/v1/me/usage")).toMatchObject({ jobs: { used: 3, limit: null } });
});

test("jobs in flight that are created at once: as many as fit", async () => {
  server = await start({ pipelines: [copy, count], accounts: { quotaJobs: "3" }, worker: false });
  const ada = await signedIn(server, "ada@example.org");
  const made = await Promise.all(Array.from({ length: 10 }, (_, n) => send(ada, `${n}`)));
  expect(made.filter(({ status }) => status === 202)).toHaveLength(3);
  expect(made.filter(({ status }) => status === 429)).toHaveLength(7);
});

test("jobs that are retried at once: as many as fit", async () => {
  server = await start({ pipelines: [copy], accounts: { quotaJobs: "2" } });
  const ada = await signedIn(server, "ada@example.org");
  const failing = { options: '{"ms":1500,"fail":"a"}' };
  const jobs: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { id } = (await (await send(ada, `${n}`, failing)).json()) as { id: string };
    jobs.push(id);
    if (n > 0) for (const one of jobs) await ada.json(200, `/v1/jobs/${one}?wait=20`);
  }
  const retry = (id: string) => ada.ask(`/v1/jobs/${id}/retry`, undefined, "POST");
  const retried = await Promise.all(jobs.map(retry));
  expect(retried.map(({ status }) => status).sort()).toEqual([202, 202, 429]);
  expect((await ada.ask(`/v1/jobs/${jobs[0]}x/retry`, undefined, "POST")).status).toBe(429);
});

test("items a day: what does not fit is refused until midnight, and a repeated request counts once", async () => {
  server = await start({ pipelines: [copy, count], accounts: { quotaItemsPerDay: "2" }, worker: false });
  const ada = await signedIn(server, "ada@example.org");
  const make = (key: string) =>
    fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${ada.token}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify({ pipeline: "count", options: { to: 1 } }),
    });
  expect((await make("a")).status).toBe(202);
  // A request with invalid options leaves no reservation behind.
  expect((await ada.ask("/v1/jobs", { pipeline: "count", options: { to: 0 } })).status).toBe(422);
  for (const key of ["b", "a", "b", "a"]) expect([key, (await make(key)).status]).toEqual([key, 202]);
  const refused = await problemOf(await make("d"));
  expect(refused).toMatchObject({ code: "quota_exceeded", quota: "itemsPerDay", limit: 2 });
  expect(new Date(refused.freesAt as string).toISOString()).toMatch(/T00:00:00.000Z$/);
  expect((await make("a")).status).toBe(202);
  expect(await ada.json(200, "/v1/me/usage")).toMatchObject({ itemsPerDay: { used: 2, limit: 2 } });
});

test("stored bytes: uploads and results count, and what is deleted makes room", async () => {
  server = await start({ pipelines: [copy, count], accounts: { quotaStoredMiB: "2" } });
  const ada = await signedIn(server, "ada@example.org");
  const headers = { authorization: `Bearer ${ada.token}`, "tus-resumable": "1.0.0" };
  const announce = (bytes: number) =>
    fetch(`${server.url}/v1/uploads`, {
      method: "POST",
      headers: { ...headers, "upload-length": String(bytes) },
    });
  expect(await problemOf(await announce(2.5 * MIB))).toMatchObject({ quota: "storedBytes", limit: 2 * MIB });

  const upload = await announce(MIB);
  expect(upload.status).toBe(201);
  const sent = await fetch(new URL(upload.headers.get("location")!, server.url), {
    method: "PATCH",
    headers: { ...headers, "content-type": "application/offset+octet-stream", "upload-offset": "0" },
    body: new Uint8Array(text(MIB)),
  });
  expect(sent.status).toBe(204);
  const { storedBytes } = await ada.json<{ storedBytes: object }>(200, "/v1/me/usage");
  expect(storedBytes).toEqual({ used: MIB, limit: 2 * MIB });

  const tooLarge = await send(ada, text(1.5 * MIB));
  expect(tooLarge.status).toBe(429);
  expect(await problemOf(tooLarge)).toMatchObject({ code: "quota_exceeded", quota: "storedBytes" });
  const job = (await (await send(ada, text(0.7 * MIB))).json()) as { id: string };
  await ada.json(200, `/v1/jobs/${job.id}?wait=20`);
  // The result has the same content as the upload, and is stored only once.
  const used = await ada.json<{ storedBytes: { used: number } }>(200, "/v1/me/usage");
  expect(used.storedBytes.used).toBe(MIB + Math.floor(0.7 * MIB));
  expect((await send(ada, text(0.5 * MIB))).status).toBe(429);
  await ada.json(204, `/v1/jobs/${job.id}`, undefined, "DELETE");
  await ada.json(200, "/v1/me/usage");
  expect((await send(ada, text(0.5 * MIB))).status).toBe(202);
});

test("stored bytes that come at once: no more than fit, in whatever way they come", async () => {
  server = await start({ pipelines: [copy], accounts: { quotaStoredMiB: "2" }, worker: false });
  const piece = 600 * 1024;
  const [ada, ben] = [await signedIn(server, "ada@example.org"), await signedIn(server, "ben@example.org")];
  const forms = await Promise.all(Array.from({ length: 6 }, () => send(ada, text(piece))));
  const taken = forms.filter(({ status }) => status === 202).length;
  // Requests that compete for the last free space may all be rejected.
  expect([taken >= 1, taken <= 3]).toEqual([true, true]);
  expect(await problemOf(forms.find(({ status }) => status !== 202)!)).toMatchObject({
    quota: "storedBytes",
  });
  expect((await send(ben, text(MIB))).status).toBe(202);

  const cleo = await signedIn(server, "cleo@example.org");
  const headers = { authorization: `Bearer ${cleo.token}`, "tus-resumable": "1.0.0" };
  const begin = (more: Record<string, string>) =>
    fetch(`${server.url}/v1/uploads`, { method: "POST", headers: { ...headers, ...more } });
  const partial = { "upload-length": String(piece), "upload-concat": "partial" };
  const begun = await Promise.all(Array.from({ length: 6 }, () => begin(partial)));
  const sent = await Promise.all(
    begun.map(async (upload) => {
      const path = upload.headers.get("location")!;
      const { status } = await fetch(server.url + path, {
        method: "PATCH",
        headers: { ...headers, "content-type": "application/offset+octet-stream", "upload-offset": "0" },
        body: new Uint8Array(text(piece)),
      });
      return { path, status };
    }),
  );
  expect(await cleo.json(200, "/v1/me/usage")).toMatchObject({ storedBytes: { used: 3 * piece } });
  const whole = sent.filter(({ status }) => status === 204).map(({ path }) => path);
  expect(whole).toHaveLength(3);
  const joined = await begin({ "upload-concat": `final;${whole[0]} ${whole[1]} ${whole[0]}` });
  expect(joined.status).toBe(429);
  expect(await problemOf(joined)).toMatchObject({ code: "quota_exceeded", quota: "storedBytes" });
  for (const path of whole.slice(1)) await fetch(server.url + path, { method: "DELETE", headers });
  await cleo.json(200, "/v1/me/usage");
  expect((await begin({ "upload-concat": `final;${whole[0]} ${whole[0]}` })).status).toBe(201);
});

test("requests a minute and streams: a user's own limits come before the usual ones", async () => {
  server = await start({ pipelines: [count], accounts: {}, rateLimit: 50, worker: false });
  const ada = await signedIn(server, "ada@example.org");
  const ben = await signedIn(server, "ben@example.org");
  await server.accounts!.users.administer(ada.id, { quotas: { requestsPerMinute: 5, streams: 1 } });
  const headers = { authorization: `Bearer ${ada.token}` };
  const stream = await listen(server.url, "/v1/events", null, headers);
  const refused = await fetch(`${server.url}/v1/events`, { headers });
  expect(await problemOf(refused)).toMatchObject({ code: "quota_exceeded", quota: "streams", limit: 1 });
  await stream.cut();
  const statuses = async (user: User) => {
    const asked = Array.from({ length: 10 }, () => user.ask("/v1/jobs"));
    return (await Promise.all(asked)).filter(({ status }) => status === 200).length;
  };
  expect(await statuses(ada)).toBe(3);
  expect(await statuses(ben)).toBe(10);
});
