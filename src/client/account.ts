import type { ApiKey, Granted, Invite, Me, Scope, Session, SignInMeans, Usage } from "./account-types.ts";
import type { PageFilter } from "./schedules.ts";
import { type CallOptions, query, type Transport } from "./transport.ts";
import type { Page } from "./types.ts";

/** The caller's account. Methods listed before `me` work without being logged in. */
export interface Account {
  /** Lists the ways to sign in. */
  means(options?: CallOptions): Promise<SignInMeans>;
  /** Logs in. In a browser, cookies authenticate later requests. */
  login(credentials: { email: string; password: string }, options?: CallOptions): Promise<Granted>;
  /** Refreshes the access token with the login cookie. */
  refresh(options?: CallOptions): Promise<Granted>;
  logout(options?: CallOptions): Promise<void>;
  register(
    account: { email: string; password: string; name?: string; invite?: string },
    options?: CallOptions,
  ): Promise<{ verifyByMail: boolean }>;
  /** Looks up an invite. */
  invite(token: string, options?: CallOptions): Promise<Pick<Invite, "email" | "role" | "expiresAt">>;
  /** Confirms an address with the `token` of a link, or requests the link by email. */
  verify(by: { token: string } | { email: string }, options?: CallOptions): Promise<void>;
  /** Sets a password with the `token` of a link, or requests the link by email. */
  reset(by: { token: string; password: string } | { email: string }, options?: CallOptions): Promise<void>;

  me(options?: CallOptions): Promise<Me>;
  rename(name: string, options?: CallOptions): Promise<Me>;
  /** Ends all other sessions. @param change.password the current password, if the account has one */
  changePassword(change: { password?: string; newPassword: string }, options?: CallOptions): Promise<Granted>;
  /** Deletes the account and all its data. */
  remove(confirmation?: { password?: string }, options?: CallOptions): Promise<void>;
  usage(options?: CallOptions): Promise<Usage>;
  /** Newest first. */
  sessions(options?: CallOptions): Promise<Session[]>;
  endSession(id: string, options?: CallOptions): Promise<void>;
  /** Ends all sessions, including this one. */
  logoutAll(options?: CallOptions): Promise<void>;
  /** Oldest first. */
  keys(filter?: PageFilter, options?: CallOptions): Promise<Page<ApiKey>>;
  /** Only this response contains `key`. */
  createKey(
    key: { name: string; scopes?: Scope[]; expiresAt?: string | null },
    options?: CallOptions,
  ): Promise<ApiKey & { key: string }>;
  renameKey(id: string, name: string, options?: CallOptions): Promise<ApiKey>;
  removeKey(id: string, options?: CallOptions): Promise<void>;
}

export function account({ get, post, call, remove }: Transport): Account {
  const auth = "/v1/auth";
  const key = (id: string) => `/v1/keys/${encodeURIComponent(id)}`;
  return {
    means: (options) => get(`${auth}/providers`, options),
    login: (credentials, options) => post(`${auth}/login`, credentials, options),
    refresh: (options) => post(`${auth}/refresh`, undefined, options),
    logout: (options) => call("POST", `${auth}/logout`, undefined, options),
    register: (account, options) => post(`${auth}/register`, account, options),
    invite: (invite, options) => post(`${auth}/invite`, { invite }, options),
    verify: (by, options) => call("POST", `${auth}/verify`, by, options),
    reset: (by, options) => call("POST", `${auth}/reset`, by, options),

    me: (options) => get("/v1/me", options),
    rename: (name, options) => post("/v1/me", { name }, options, "PATCH"),
    changePassword: (change, options) => post("/v1/me/password", change, options),
    remove: (confirmation = {}, options) => call("DELETE", "/v1/me", confirmation, options),
    usage: (options) => get("/v1/me/usage", options),
    sessions: async (options) => (await get<Page<Session>>("/v1/sessions", options)).items,
    endSession: (id, options) => remove(`/v1/sessions/${encodeURIComponent(id)}`, options),
    logoutAll: (options) => call("POST", `${auth}/logout-all`, undefined, options),
    keys: (filter = {}, options) => get(`/v1/keys${query(filter)}`, options),
    createKey: (made, options) => post("/v1/keys", made, options),
    renameKey: (id, name, options) => post(key(id), { name }, options, "PATCH"),
    removeKey: (id, options) => remove(key(id), options),
  };
}
