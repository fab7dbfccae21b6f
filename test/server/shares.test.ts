import { afterAll, beforeAll, expect, test } from "vitest";
import { copy, createJob, ended, form, type JobJson } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { signedIn } from "./visitors.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy], accounts: {} });
});
afterAll(() => server.close());

interface Share {
  id: string;
  url: string;
  expiresAt: string;
}

test("whoever has a link downloads what it shares, until it is taken back or the job is deleted", async () => {
  const ada = await signedIn(server, "ada@example.org");
  const headers = { authorization: `Bearer ${ada.token}` };
  const make = async () => {
    const body = form("copy", [["shared.txt", `of Ada ${Math.random()}`]]);
    const answer = await fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body });
    const { id } = (await answer.json()) as JobJson;
    return ada.json<JobJson>(200, `/v1/jobs/${id}?wait=20`);
  };
  const [job, other] = [await make(), await make()];
  const artifactId = job.items[0]!.outputs[0]!.artifactId;
  const archive = await ada.json<Share>(201, `/v1/jobs/${job.id}/share`, undefined, "POST");
  const file = await ada.json<Share>(201, `/v1/jobs/${job.id}/share`, { artifactId, expiresIn: 3_600 });
  expect(Date.parse(archive.expiresAt) - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
  expect(Date.parse(file.expiresAt) - Date.now()).toBeLessThan(3_700_000);
  await ada.json(404, `/v1/jobs/${other.id}/share`, { artifactId });
  await ada.json(400, `/v1/jobs/${job.id}/share`, { expiresIn: 31 * 24 * 3_600 });

  const zip = await fetch(archive.url);
  expect([zip.status, zip.headers.get("content-type")]).toEqual([200, "application/zip"]);
  const shared = await fetch(file.url);
  expect(await shared.text()).toContain("of Ada");
  expect(shared.headers.get("content-disposition")).toContain("attachment; filename=shared.txt");
  expect(shared.headers.get("cache-control")).toBe("private, no-cache");
  const part = await fetch(file.url, { headers: { range: "bytes=3-5" } });
  expect([part.status, await part.text()]).toEqual([206, "Ada"]);

  const forged = file.url.replace(/[^/]+$/, (token) => `${archive.id}.${token.split(".")[1]}`);
  for (const url of [forged, `${file.url}x`, `${file.url}.x`, file.url.slice(0, -1)])
    expect([url, (await fetch(url)).status]).toEqual([url, 404]);
  expect((await fetch(`${server.url}/v1/artifacts/${artifactId}`)).status).toBe(401);
  const { items } = await ada.json<{ items: Share[] }>(200, `/v1/jobs/${job.id}/shares`);
  expect(items.map(({ id }) => id)).toEqual([archive.id, file.id]);
  await ada.json(204, `/v1/jobs/${job.id}/shares/${file.id}`, undefined, "DELETE");
  expect((await fetch(file.url)).status).toBe(404);
  expect((await fetch(archive.url)).status).toBe(200);
  await ada.json(204, `/v1/jobs/${job.id}`, undefined, "DELETE");
  expect((await fetch(archive.url)).status).toBe(404);
});

test("what a disabled user has shared is not given out until the user is enabled", async () => {
  const ben = await signedIn(server, "ben@example.org");
  const body = form("copy", [["b.txt", "of Ben"]]);
  const headers = { authorization: `Bearer ${ben.token}` };
  const made = await fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body });
  const { id } = (await made.json()) as JobJson;
  await ben.json(200, `/v1/jobs/${id}?wait=20`);
  const { url } = await ben.json<Share>(201, `/v1/jobs/${id}/share`, undefined, "POST");
  const { users } = server.accounts!;
  await users.administer(ben.id, { state: "disabled" });
  expect((await fetch(url)).status).toBe(404);
  await users.administer(ben.id, { state: "active" });
  expect((await fetch(url)).status).toBe(200);
});

test("without accounts, the local user shares as well", async () => {
  const open = await start({ pipelines: [copy] });
  try {
    const job = await createJob(open.url, form("copy", [["a.txt", "a"]]));
    await ended(open.url, job.id);
    const made = await fetch(`${open.url}/v1/jobs/${job.id}/share`, { method: "POST" });
    expect(made.status).toBe(201);
    expect((await fetch(((await made.json()) as Share).url)).status).toBe(200);
    const me = await (await fetch(`${open.url}/v1/me`)).json();
    expect(me).toMatchObject({ id: "local", accounts: false, role: "admin" });
    expect(
      (
        await fetch(`${open.url}/v1/auth/login`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: '{"email":"a@b.c","password":"p"}',
        })
      ).status,
    ).toBe(404);
  } finally {
    await open.close();
  }
});
