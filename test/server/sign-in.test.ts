import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Running, start } from "./harness.ts";
import { signedIn, type Visitor, visitor } from "./visitors.ts";

/** The claims of each account at the provider. */
const people: Record<string, Record<string, unknown>> = {
  ada: { email: "ada@example.org", email_verified: true, name: "Ada", groups: ["staff", "admins"] },
  ben: { email: "ben@example.org", email_verified: false, name: "Ben", groups: [] },
  nobody: {},
};

let issuer: Server;
let issuerUrl: string;
let server: Running;
const servers: Server[] = [];

beforeAll(async () => {
  issuer = createServer();
  issuerUrl = await listening(issuer);
});
afterEach(() => server?.close());
afterAll(async () => {
  for (const one of [issuer, ...servers]) {
    one.closeAllConnections();
    await new Promise((resolve) => one.close(resolve));
  }
});

async function listening(one: Server): Promise<string> {
  await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
}

const settings = (more: object = {}) => ({
  oidc: JSON.stringify([
    { id: "work", issuer: issuerUrl, clientId: "millrace", clientSecret: "s".repeat(32), ...more },
  ]),
});

/** Creates the provider once the server runs, because it needs the URL that browsers return to. */
function provide({ url }: Running): void {
  const provider = new Provider(issuerUrl, {
    clients: [
      {
        client_id: "millrace",
        client_secret: "s".repeat(32),
        redirect_uris: [`${url}/v1/auth/oidc/work/callback`],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
    cookies: { keys: ["test"] },
  });
  issuer.removeAllListeners("request");
  issuer.on("request", provider.callback());
}

/** Follows redirects, fills in the provider's forms as `login`, and stops at our callback. */
async function atProvider(from: URL, login: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = from;
  let form: URLSearchParams | null = null;
  for (let step = 0; step < 20; step++) {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(url, {
      method: form ? "POST" : "GET",
      body: form,
      redirect: "manual",
      headers: { cookie },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      cookies.set(name!, value!);
    }
    form = null;
    const location = answer.headers.get("location");
    if (location !== null) {
      url = new URL(location, url);
      if (url.pathname.endsWith("/callback")) return url.href;
      continue;
    }
    const html = await answer.text();
    const action = /action="([^"]+)"/.exec(html)?.[1];
    if (!action) throw new Error(html);
    url = new URL(action, url);
    form = new URLSearchParams(
      html.includes('name="login"') ? { prompt: "login", login, password: "any" } : { prompt: "consent" },
    );
  }
  throw new Error("the provider leads nowhere");
}

async function follow(browser: Visitor, path: string): Promise<URL> {
  const cookie = [...browser.cookies].map((pair) => pair.join("=")).join("; ");
  const answer = await fetch(server.url + path, { redirect: "manual", headers: { cookie } });
  if (answer.status !== 302) throw new Error(`${answer.status}: ${await answer.text()}`);
  for (const line of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (value === "") browser.cookies.delete(name!);
    else browser.cookies.set(name!, value!);
  }
  return new URL(answer.headers.get("location")!, server.url);
}

async function signIn(browser: Visitor, login: string, query = ""): Promise<URL> {
  const back = new URL(await atProvider(await follow(browser, `/v1/auth/oidc/work${query}`), login));
  return follow(browser, back.pathname + back.search);
}

test("a new user, known again by issuer and subject; admins by claim, read at every login", async () => {
  server = await start({
    accounts: { registration: "open", ...settings({ admin: { claim: "groups", value: "admins" } }) },
  });
  provide(server);
  await signedIn(server, "other-admin@example.org", "admin");
  const ada = visitor(server);
  const { providers } = await ada.json<{ providers: object[] }>(200, "/v1/auth/providers");
  expect(providers).toEqual([{ id: "work", title: "work" }]);
  expect((await signIn(ada, "ada")).pathname).toBe("/");
  const me = await ada.json<{ id: string }>(200, "/v1/me");
  expect(me).toMatchObject({ email: "ada@example.org", emailVerified: true, name: "Ada", role: "admin" });
  people.ada!.groups = ["staff"];
  const again = visitor(server);
  await signIn(again, "ada");
  expect(await again.json(200, "/v1/me")).toMatchObject({ id: me.id, role: "user", hasPassword: false });
  expect((await ada.ask("/v1/me")).status).toBe(401);
  people.ada!.groups = ["admins"];

  const nobody = visitor(server);
  await signIn(nobody, "nobody");
  expect(await nobody.json(200, "/v1/me")).toMatchObject({ email: null, emailVerified: false });
});

test("an address links accounts only where both sides have verified it", async () => {
  server = await start({ accounts: { registration: "open", ...settings() } });
  provide(server);
  const local = await signedIn(server, "ada@example.org");
  const impostor = await signedIn(server, "ben@example.org");
  const ada = visitor(server);
  await signIn(ada, "ada");
  const stranger = await ada.json<{ id: string }>(200, "/v1/me");
  expect(stranger).toMatchObject({ email: null });
  expect(stranger.id).not.toBe(local.id);
  const ben = visitor(server);
  await signIn(ben, "ben");
  expect((await ben.json<{ id: string }>(200, "/v1/me")).id).not.toBe(impostor.id);
  // A signed-in user may link an account, unless it already belongs to someone else.
  expect((await signIn(local, "nobody", "?link=1")).pathname).toBe("/");
  const linked = visitor(server);
  await signIn(linked, "nobody");
  expect(await linked.json(200, "/v1/me")).toMatchObject({ id: local.id });
  expect((await signIn(local, "ben", "?link=1")).hash).toBe("#already_exists");
});

test("an answer counts once, in the browser that asked, with its state", async () => {
  server = await start({ accounts: { registration: "open", ...settings() } });
  provide(server);
  const refused = async (browser: Visitor, back: URL) => {
    const to = await follow(browser, back.pathname + back.search);
    expect(to.pathname + to.hash).toBe("/login#unauthorized");
    expect(browser.cookies.has("millrace_access")).toBe(false);
  };
  const ada = visitor(server);
  const back = new URL(await atProvider(await follow(ada, "/v1/auth/oidc/work"), "ada"));
  const flow = ada.cookies.get("millrace_flow")!;
  const otherState = new URL(back);
  otherState.searchParams.set("state", "another");
  await refused(ada, otherState);
  const victim = visitor(server);
  await refused(victim, back);

  const second = new URL(await atProvider(await follow(ada, "/v1/auth/oidc/work"), "ada"));
  const noIssuer = new URL(second);
  noIssuer.searchParams.set("iss", "https://elsewhere.example");
  await refused(ada, noIssuer);
  const third = new URL(await atProvider(await follow(ada, "/v1/auth/oidc/work"), "ada"));
  const mine = ada.cookies.get("millrace_flow")!;
  expect((await follow(ada, third.pathname + third.search)).pathname).toBe("/");
  const replay = visitor(server);
  replay.cookies.set("millrace_flow", mine);
  await refused(replay, third);
  replay.cookies.set("millrace_flow", flow);
  await refused(replay, back);
});

test("the first admin comes in by a provider where nobody else may; departures are counted by address", async () => {
  server = await start({ accounts: { registration: "closed", passwordLogin: "off", ...settings() } });
  provide(server);
  const path = await server.accounts!.firstAdminLink();
  const ada = visitor(server);
  expect((await signIn(ada, "ada")).hash).toBe("#forbidden");
  const { token } = await server.accounts!.links.make({ kind: "invite" });
  expect((await signIn(ada, "ada", `?invite=${token}`)).hash).toBe("#forbidden");
  expect((await signIn(ada, "ada", `?invite=${path!.split("#")[1]}`)).pathname).toBe("/");
  expect(await ada.json(200, "/v1/me")).toMatchObject({ role: "admin" });

  const { limits } = server.accounts!;
  // The limit refills continuously, so send many requests at once, in case the machine is slow.
  await Promise.allSettled(Array.from({ length: 2_000 }, () => limits.visit("departure", "127.0.0.1")));
  await ada.json(429, "/v1/auth/oidc/work");
});

test("with invites, a stranger needs one; without passwords, this is the only way in", async () => {
  server = await start({ accounts: { passwordLogin: "off", ...settings() } });
  provide(server);
  const ada = visitor(server);
  expect((await signIn(ada, "ada")).hash).toBe("#forbidden");
  const { token } = await server.accounts!.links.make({ kind: "invite" });
  expect((await signIn(ada, "ada", `?invite=${token}`)).pathname).toBe("/");
  expect((await signIn(visitor(server), "ben", `?invite=${token}`)).hash).toBe("#invalid_link");
  expect((await signIn(visitor(server), "ada")).pathname).toBe("/");
  await ada.json(403, "/v1/auth/login", { email: "ada@example.org", password: "any password" });
});

/** Starts a server that responds like a plain OAuth 2 provider. */
async function plainProvider(user: object, token: object): Promise<string> {
  const one = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://127.0.0.1");
    response.setHeader("content-type", "application/json;charset=UTF-8");
    if (pathname === "/token") response.end(JSON.stringify(token));
    else if (request.headers.authorization !== "Bearer at-1") response.writeHead(401).end("{}");
    else response.end(JSON.stringify(user));
  });
  servers.push(one);
  return listening(one);
}

async function plain(preset: "kakao" | "naver", user: object, token: object) {
  const at = await plainProvider(user, token);
  const endpoints = { authorize: `${at}/authorize`, token: `${at}/token`, user: `${at}/user` };
  const one = { id: preset, preset, clientId: "id", clientSecret: "secret", endpoints };
  server = await start({ accounts: { registration: "open", oidc: JSON.stringify([one]) } });
  const browser = visitor(server);
  const there = await follow(browser, `/v1/auth/oidc/${preset}`);
  expect(Object.fromEntries(there.searchParams)).toMatchObject({
    client_id: "id",
    code_challenge_method: "S256",
  });
  const back = `/v1/auth/oidc/${preset}/callback?code=c&state=${there.searchParams.get("state")}`;
  return { browser, to: await follow(browser, back) };
}

const kakaoToken = { token_type: "bearer", access_token: "at-1", expires_in: 21_599, refresh_token: "r" };
const naverToken = { access_token: "at-1", refresh_token: "r", token_type: "bearer", expires_in: "3600" };

test("Kakao: a verified address counts, another or none does not", async () => {
  const account = {
    email: "k@example.org",
    is_email_valid: true,
    is_email_verified: true,
    profile: { nickname: "카카오" },
  };
  const { browser } = await plain("kakao", { id: 123456789, kakao_account: account }, kakaoToken);
  expect(await browser.json(200, "/v1/me")).toMatchObject({
    email: "k@example.org",
    emailVerified: true,
    name: "카카오",
  });
  await server.close();
  const unverified = { ...account, is_email_verified: false };
  const second = await plain("kakao", { id: 2, kakao_account: unverified }, kakaoToken);
  expect(await second.browser.json(200, "/v1/me")).toMatchObject({ email: null, emailVerified: false });
  await server.close();
  const third = await plain("kakao", { id: 3 }, kakaoToken);
  expect(await third.browser.json(200, "/v1/me")).toMatchObject({ email: null, name: "" });
});

test("Naver: its address is not verified; what says nobody is refused", async () => {
  const response = { id: "n-1", email: "n@example.org", name: "네이버" };
  const { browser } = await plain("naver", { resultcode: "00", message: "success", response }, naverToken);
  expect(await browser.json(200, "/v1/me")).toMatchObject({
    email: null,
    emailVerified: false,
    name: "네이버",
  });
  await server.close();
  const { to } = await plain("naver", { resultcode: "024", message: "Authentication failed" }, naverToken);
  expect(to.hash).toBe("#unauthorized");
});
