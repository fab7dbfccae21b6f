import { afterAll, beforeAll, expect, test } from "vitest";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { copy, count, form, type JobJson } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";
import { signedIn, type Visitor } from "./visitors.ts";

/*
 * Walks the OpenAPI document as two users. A route that is not listed here fails the test: add what a stranger sends,
 * and whose it is.
 */

interface Operation {
  operationId: string;
  parameters?: { in: string; name: string }[];
}

type User = Visitor & { id: string; token: string };
type Request = { method: string; path: string; operation: Operation };

/** Callable without being signed in. */
const open = new Set([
  ...["alive", "ready", "objectEvents", "signInMeans", "shared", "published"],
  ...[
    "register",
    "lookAtInvite",
    "login",
    "refresh",
    "logout",
    "resetPassword",
    "verifyEmail",
    "signIn",
    "signedIn",
  ],
]);
/** The same for every user, with no personal data. */
const shared = new Set([
  ...["pipelines", "pipeline", "previewSchedule"],
  ...["catalogs", "catalog", "catalogEntry"],
]);
/** Affect only the caller, and cannot name anything of others. */
const own = new Set([
  ...[
    "me",
    "changeMe",
    "changePassword",
    "deleteMe",
    "logoutAll",
    "createKey",
    "createSchedule",
    "createWebhook",
  ],
  ...["createUpload", "createPreset", "presignUpload", "usage", "modelUsage"],
  ...["notificationPreferences", "changeNotificationPreferences", "markNotifications"],
]);
/** May name another user's files; `naming` is what a stranger sends. */
const creating = new Set(["createJob", "quoteJob"]);
/** Lists, which must not show other users' data. */
const lists = new Set([
  "jobs",
  "schedules",
  "sessions",
  "keys",
  "presets",
  "notifications",
  "webhooks",
  "publications",
]);
/** Streams of all jobs, tested below. */
const streams = new Set(["events"]);

/** Bodies without which a request would be invalid. */
const bodies: Record<string, object> = {
  changeSchedule: { name: "taken" },
  renameKey: { name: "taken" },
  changePreset: { name: "taken" },
  changeWebhook: { description: "taken" },
  resendWebhook: { since: "2020-01-01T00:00:00Z" },
  rotateWebhookSecret: {},
  markNotification: { read: true },
};
/** Everyone may read these, but only admins may write. */
const forAdmins = new Set(["putCatalogEntry", "removeCatalogEntry"]);

const sharing = definePipeline({
  name: "shared",
  version: 1,
  title: "Shared",
  accepts: { mediaTypes: ["text/plain"] },
  shareable: true,
}).each("read", async (ctx) => (await ctx.read(ctx.file)).length);

const publishing = definePipeline({
  name: "publishing",
  version: 1,
  title: "Publishing",
  accepts: { mediaTypes: ["text/plain"] },
}).each("publish", async (ctx) => ctx.publish(await ctx.pass(ctx.file)), { cache: "never" });

let server: Running;
let owner: User;
let stranger: User;
let ids: Record<string, string>;
let requests: Request[];

beforeAll(async () => {
  server = await start({
    pipelines: [copy, count, sharing, publishing],
    outgoingAllow: ["127.0.0.1"],
    accounts: {},
    env: { MILLRACE_CDN_URL: "https://cdn.example" },
  });
  owner = await signedIn(server, "owner@example.org");
  stranger = await signedIn(server, "stranger@example.org");
  const headers = { authorization: `Bearer ${owner.token}` };
  const body = form("copy", [["secret.txt", "of the owner"]]);
  const job = (await (
    await fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body })
  ).json()) as JobJson;
  const ended = await owner.json<JobJson>(200, `/v1/jobs/${job.id}?wait=20`);
  const publication = await published(headers);
  const upload = await fetch(`${server.url}/v1/uploads`, {
    method: "POST",
    headers: { ...headers, "tus-resumable": "1.0.0", "upload-length": "5" },
  });
  const schedule = { pipeline: "count", options: { to: 1 }, everySeconds: 86_400 };
  const idOf = async (path: string, sent: object) => (await owner.json<{ id: string }>(201, path, sent)).id;
  const sessions = await owner.json<{ items: { id: string }[] }>(200, "/v1/sessions");
  const notifications = await owner.json<{ items: { id: string }[] }>(200, "/v1/notifications");
  const webhook = await idOf("/v1/webhooks", { url: "http://127.0.0.1:9/" });
  const test = await owner.json<{ id: string }>(200, `/v1/webhooks/${webhook}/test`, {});
  ids = {
    "/v1/jobs/": job.id,
    "{share}": await idOf(`/v1/jobs/${job.id}/share`, {}),
    "/v1/artifacts/": ended.items[0]!.outputs[0]!.artifactId,
    "/v1/published/": publication,
    "/v1/uploads/": upload.headers.get("location")!.split("/").at(-1)!,
    "/v1/schedules/": await idOf("/v1/schedules", schedule),
    "/v1/sessions/": sessions.items[0]!.id,
    "/v1/presets/": await idOf("/v1/presets", { pipeline: "count", name: "mine", options: { to: 1 } }),
    "/v1/webhooks/": webhook,
    "{deliveryId}": test.id,
    "/v1/keys/": await idOf("/v1/keys", { name: "mine" }),
    "/v1/notifications/": notifications.items[0]!.id,
  };
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  requests = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(() => server.close());

/** Publishes a file of the owner. Returns its id. */
async function published(headers: Record<string, string>): Promise<string> {
  const body = form("publishing", [["public.txt", "of the owner"]]);
  const made = await fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body });
  const { id } = (await made.json()) as JobJson;
  const ended = await owner.json<JobJson>(200, `/v1/jobs/${id}?wait=20`);
  return ended.items[0]!.outputs[0]!.artifactId;
}

/** The path with the owner's ids filled in; `null` if this test does not know which id belongs there. */
function named(path: string): string | null {
  const prefix = Object.keys(ids).find((one) => path.startsWith(`${one}{id}`));
  return prefix === undefined
    ? null
    : path
        .replace("{id}", ids[prefix]!)
        .replace("{share}", ids["{share}"]!)
        .replace("{index}", "0")
        .replace("{deliveryId}", ids["{deliveryId}"]!);
}

async function ask(user: User | null, { method, operation }: Request, path: string): Promise<Response> {
  const body = bodies[operation.operationId];
  const isUpload = operation.operationId === "continueUpload";
  return fetch(server.url + path, {
    method,
    headers: {
      ...(user && { authorization: `Bearer ${user.token}` }),
      ...(path.startsWith("/v1/uploads") && { "tus-resumable": "1.0.0" }),
      ...(isUpload && { "content-type": "application/offset+octet-stream", "upload-offset": "0" }),
      ...(body && { "content-type": "application/json" }),
    },
    body: isUpload ? "12345" : body && JSON.stringify(body),
  });
}

test("nobody but the open routes answers who is not signed in", async () => {
  for (const request of requests) {
    const { path, method, operation } = request;
    const { status } = await ask(null, request, path.replaceAll(/\{\w+\}/g, "0"));
    if (open.has(operation.operationId)) expect([method, path, status]).not.toEqual([method, path, 403]);
    else expect([method, path, status]).toEqual([method, path, 401]);
  }
});

test("operators' routes are closed to users", async () => {
  const closed = requests.filter(({ path }) => /^\/(v1\/admin\/|metrics)/.test(path));
  expect(closed.length).toBeGreaterThan(15);
  for (const request of closed) {
    const { status } = await ask(owner, request, request.path.replaceAll(/\{\w+\}/g, "0"));
    expect([request.path, status]).toEqual([request.path, 403]);
  }
});

test("another user's ids are not found, whatever is done with them", async () => {
  const unknown: string[] = [];
  for (const request of requests) {
    const { path, method, operation } = request;
    const { operationId } = operation;
    if (/^\/(v1\/admin\/|metrics)/.test(path) || open.has(operationId)) continue;
    if (forAdmins.has(operationId)) {
      const { status } = await ask(owner, request, path.replaceAll(/\{\w+\}/g, "0"));
      expect([method, path, status]).toEqual([method, path, 403]);
      continue;
    }
    if ([shared, own, creating, streams].some((set) => set.has(operationId))) continue;
    if (lists.has(operationId)) {
      const text = await (await ask(stranger, request, path)).text();
      for (const id of Object.values(ids)) expect([path, text.includes(id)]).toEqual([path, false]);
      continue;
    }
    const address = named(path);
    if (address === null) unknown.push(`${method} ${path}`);
    else expect([method, path, (await ask(stranger, request, address)).status]).toEqual([method, path, 404]);
  }
  expect(unknown).toEqual([]);
});

test("the ids of that walk are there for their owner", async () => {
  for (const request of requests) {
    const address = named(request.path);
    if (address === null || request.method !== "GET") continue;
    const { status } = await ask(owner, request, address);
    expect([request.path, status < 300]).toEqual([request.path, true]);
  }
  const lists = await Promise.all(
    ["/v1/jobs", "/v1/schedules", "/v1/keys"].map((path) => owner.json(200, path)),
  );
  for (const [n, prefix] of ["/v1/jobs/", "/v1/schedules/", "/v1/keys/"].entries()) {
    expect(JSON.stringify(lists[n])).toContain(ids[prefix]);
  }
});

test("a job cannot be made of another user's files", async () => {
  const naming = [
    { files: [{ artifactId: ids["/v1/artifacts/"] }] },
    { files: [{ uploadId: ids["/v1/uploads/"] }] },
    { files: [], options: { stamp: { image: { artifactId: ids["/v1/artifacts/"] } } } },
  ];
  for (const path of ["/v1/jobs", "/v1/jobs/quote"]) {
    for (const named of naming) {
      const answer = await stranger.ask(path, { pipeline: "copy", options: {}, ...named });
      expect([path, named, answer.status]).toEqual([path, named, 404]);
    }
  }
});

test("a result is found again by its owner alone, also of a pipeline that shares results", async () => {
  const run = async (user: User) => {
    const made = await fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${user.token}` },
      body: form("shared", [["a.txt", "the same for both"]]),
    });
    const { id } = (await made.json()) as JobJson;
    return (await user.json<JobJson>(200, `/v1/jobs/${id}?wait=20`)).items[0]!.cached;
  };
  expect([await run(owner), await run(stranger), await run(owner)]).toEqual([false, false, true]);
});

test("the stream of all jobs shows one's own", async () => {
  const authorization = (user: User) => ({ authorization: `Bearer ${user.token}` });
  const [mine, theirs] = await Promise.all(
    [owner, stranger].map((user) => listen(server.url, "/v1/events", null, authorization(user))),
  );
  const make = (user: User) => user.json<JobJson>(202, "/v1/jobs", { pipeline: "count", options: { to: 1 } });
  const [first, second] = [await make(owner), await make(stranger)];
  await expect.poll(() => theirs!.events.some(({ event }) => event === "job.succeeded")).toBe(true);
  await expect.poll(() => mine!.events.some(({ event }) => event === "job.succeeded")).toBe(true);
  const jobsOf = (stream: typeof mine) =>
    new Set(stream!.events.map(({ data }) => data.jobId).filter(Boolean));
  expect([...jobsOf(mine)]).toEqual([first.id]);
  expect([...jobsOf(theirs)]).toEqual([second.id]);
  await Promise.all([mine!.cut(), theirs!.cut()]);
});
