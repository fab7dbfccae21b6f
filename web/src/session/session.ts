import type { Granted, Me } from "../../../src/client/index.ts";
import { client, onUnauthorized } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { navigate } from "../router/router.ts";
import { createStore, useStore } from "../store/store.ts";
import { readSetting, removeSetting, writeSetting } from "../theme/settings.ts";
import { hasNext, safePath, takeNext } from "./next.ts";

/**
 * The logged-in user. Scripts cannot read the token cookies. They only know when the access token expires, in order to
 * refresh it before links and images need it.
 */
export type SessionState =
  /** Not known yet. */
  | { phase: "starting" }
  /** The server did not answer. Pages are shown anyway, with their own errors. */
  | { phase: "unsure" }
  /** Accounts are off. */
  | { phase: "local" }
  /** `ended`: the session has expired, and the page's requests wait for the next login. */
  | { phase: "in"; me: Me; ended: boolean }
  | { phase: "out" };

const untilKey = "millrace.session";
const accountsKey = "millrace.accounts";
/** How long before its expiry an access token is refreshed. */
const earlyMs = 60_000;

export const sessionStore = createStore<SessionState>(
  // If accounts were off last time, they probably still are, so do not wait for the answer.
  readSetting(accountsKey) === "off" ? { phase: "local" } : { phase: "starting" },
);

let timer: ReturnType<typeof setTimeout> | undefined;
let renewing: Promise<boolean> | null = null;
let resume: ((again: boolean) => void) | null = null;

export function useSession(): SessionState {
  return useStore(sessionStore);
}

/** The logged-in user. Also `null` if accounts are off. */
export function useMe(): Me | null {
  const session = useSession();
  return session.phase === "in" ? session.me : null;
}

/** Whether the user may see other users' data: admins, and the only user if accounts are off. */
export function useIsOperator(): boolean {
  const me = useMe();
  return me === null || me.role === "admin";
}

/** Determines the session's state. */
export async function startSession(): Promise<void> {
  try {
    if (readSetting(untilKey) !== null || hasNext()) {
      enter(await client.account.me());
      return;
    }
    const { accounts } = await client.account.means();
    writeSetting(accountsKey, accounts ? "on" : "off");
    sessionStore.set({ phase: accounts ? "out" : "local" });
  } catch (error) {
    if (asProblem(error).code === "unauthorized") leave();
    else sessionStore.set((now) => (now.phase === "starting" ? { phase: "unsure" } : now));
  }
}

/** Rejects with `unauthorized` if the address or the password is wrong. */
export async function logIn(credentials: { email: string; password: string }): Promise<void> {
  keepFresh(await client.account.login(credentials));
  enter(await client.account.me());
}

/** Notes the expiry of new tokens for the same session, for example after changing the password. */
export function keepFresh({ expiresIn }: Granted): void {
  writeSetting(untilKey, String(Date.now() + expiresIn * 1_000));
  schedule();
}

export async function reloadMe(): Promise<void> {
  enter(await client.account.me());
}

/** Logs out and leaves no data behind for the next user of this browser. @param everywhere ends all sessions */
export async function logOut({ everywhere = false } = {}): Promise<void> {
  if (everywhere) await client.account.logoutAll();
  else await client.account.logout();
  forget();
}

/** Reloads the page after the session has ended, to clear its memory. */
export function forget(then = "/login"): void {
  removeSetting(untilKey);
  location.assign(then);
  // If only the fragment differs, the browser would not reload.
  if (then.includes("#")) location.reload();
}

function enter(me: Me): void {
  writeSetting(accountsKey, me.accounts ? "on" : "off");
  if (!me.accounts) {
    removeSetting(untilKey);
    sessionStore.set({ phase: "local" });
    return;
  }
  schedule();
  sessionStore.set({ phase: "in", me, ended: false });
  const next = takeNext();
  if (next !== null && location.pathname === "/") navigate(safePath(next), { replace: true });
  resume?.(true);
  resume = null;
}

function leave(): void {
  removeSetting(untilKey);
  sessionStore.set({ phase: "out" });
}

/** Shares one renewal between concurrent callers. */
function renew(): Promise<boolean> {
  renewing ??= renewOnce().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function renewOnce(): Promise<boolean> {
  const now = sessionStore.get();
  if (now.phase === "out") return false;
  if (!(now.phase === "in" && now.ended)) {
    if (await refresh()) return true;
    if (now.phase !== "in") {
      leave();
      return false;
    }
    sessionStore.set({ ...now, ended: true });
  }
  return new Promise((resolve) => {
    resume = resolve;
  });
}

/** Returns `false` if the session has ended. Rejects if the server is unreachable. */
async function refresh(): Promise<boolean> {
  try {
    keepFresh(await client.account.refresh());
    return true;
  } catch (error) {
    if (asProblem(error).code !== "unauthorized") throw error;
    return false;
  }
}

function schedule(): void {
  clearTimeout(timer);
  const left = Number(readSetting(untilKey) ?? 0) - Date.now() - earlyMs;
  timer = setTimeout(refreshIfDue, Math.max(1_000, left));
}

/** Skipped while the page is hidden. A request that needs a new token gets one itself. */
function refreshIfDue(): void {
  if (document.hidden || sessionStore.get().phase !== "in") return;
  const until = Number(readSetting(untilKey) ?? 0);
  // Another tab may have refreshed it already.
  if (until - Date.now() > earlyMs) schedule();
  else void renew().catch(schedule);
}

if (typeof window !== "undefined") {
  onUnauthorized(renew);
  document.addEventListener("visibilitychange", refreshIfDue);
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key !== untilKey) return;
    const { phase } = sessionStore.get();
    // Another tab has logged in or out.
    if (newValue === null && phase === "in") location.reload();
    if (newValue !== null && phase === "out") void startSession();
  });
}
