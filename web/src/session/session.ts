import type { Granted, Me } from "../../../src/client/index.ts";
import { client, onUnauthorized } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { navigate } from "../router/router.ts";
import { createStore, useStore } from "../store/store.ts";
import { readSetting, removeSetting, writeSetting } from "../theme/settings.ts";
import { hasNext, safePath, takeNext } from "./next.ts";

/**
 * Who is logged in. The tokens are in cookies that no script can read; what a script needs to know is until when the
 * access token counts, so that the next one is fetched before links and pictures need it.
 */
export type SessionState =
  /** Not known yet. */
  | { phase: "starting" }
  /** The server does not say: pages are shown, and say themselves what is wrong. */
  | { phase: "unsure" }
  /** Accounts are off. */
  | { phase: "local" }
  /** `ended`: the session is over, and what the page wanted waits for the next login. */
  | { phase: "in"; me: Me; ended: boolean }
  | { phase: "out" };

const untilKey = "millrace.session";
const accountsKey = "millrace.accounts";
/** So long before it expires, an access token is replaced. */
const earlyMs = 60_000;

export const sessionStore = createStore<SessionState>(
  // Where accounts were off, they probably still are: nothing waits for the answer.
  readSetting(accountsKey) === "off" ? { phase: "local" } : { phase: "starting" },
);

let timer: ReturnType<typeof setTimeout> | undefined;
let renewing: Promise<boolean> | null = null;
let resume: ((again: boolean) => void) | null = null;

export function useSession(): SessionState {
  return useStore(sessionStore);
}

/** Who is logged in, for what only they see; `null` also while accounts are off. */
export function useMe(): Me | null {
  const session = useSession();
  return session.phase === "in" ? session.me : null;
}

/** Whether one sees what belongs to others: admins do, and who is the only user because accounts are off. */
export function useIsOperator(): boolean {
  const me = useMe();
  return me === null || me.role === "admin";
}

/** Finds out how things stand. */
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

/** Rejects with `unauthorized` when the address or the password is another one. */
export async function logIn(credentials: { email: string; password: string }): Promise<void> {
  keepFresh(await client.account.login(credentials));
  enter(await client.account.me());
}

/** New tokens of the same session, such as those after a change of the password. */
export function keepFresh({ expiresIn }: Granted): void {
  writeSetting(untilKey, String(Date.now() + expiresIn * 1_000));
  schedule();
}

export async function reloadMe(): Promise<void> {
  enter(await client.account.me());
}

/** Leaves nothing behind: whoever sits here next starts with an empty page. @param everywhere ends all sessions */
export async function logOut({ everywhere = false } = {}): Promise<void> {
  if (everywhere) await client.account.logoutAll();
  else await client.account.logout();
  forget();
}

/** The session is over: the page begins anew, with nothing in memory. */
export function forget(then = "/login"): void {
  removeSetting(untilKey);
  location.assign(then);
  // With another fragment alone, the browser would load nothing.
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

/** One at a time, whoever asks. */
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

/** `false`: the session is over. Rejects when the server cannot be reached. */
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

/** A page that nobody looks at lets its session rest; a request that needs a token fetches one itself. */
function refreshIfDue(): void {
  if (document.hidden || sessionStore.get().phase !== "in") return;
  const until = Number(readSetting(untilKey) ?? 0);
  // Another tab may have been first.
  if (until - Date.now() > earlyMs) schedule();
  else void renew().catch(schedule);
}

if (typeof window !== "undefined") {
  onUnauthorized(renew);
  document.addEventListener("visibilitychange", refreshIfDue);
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key !== untilKey) return;
    const { phase } = sessionStore.get();
    // Logged out, or in, in another tab.
    if (newValue === null && phase === "in") location.reload();
    if (newValue !== null && phase === "out") void startSession();
  });
}
