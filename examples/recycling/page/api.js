import { createClient } from "millrace/client";

/** @typedef {import("millrace/client").Job} Job */

/** Client for the server that the page came from. Renews an expired access token once, using the cookie. */
export const client = createClient({ url: location.origin, renew });

/** @type {Promise<boolean> | null} */
let renewing = null;
let isSignedOut = false;
let onSignedOut = () => {};

/** @param {() => void} handle */
export function whenSignedOut(handle) {
  onSignedOut = handle;
}

/** One at a time, because a refresh token works only once. */
function renew() {
  if (isSignedOut) return Promise.resolve(false);
  renewing ??= fetch("/v1/auth/refresh", { method: "POST" })
    .then(({ ok, status }) => {
      isSignedOut = status === 401;
      if (isSignedOut) onSignedOut();
      return ok;
    })
    .catch(() => false)
    .finally(() => {
      renewing = null;
    });
  return renewing;
}

/** @param {{ email: string, password: string }} credentials */
export async function login(credentials) {
  isSignedOut = true;
  await client.account.login(credentials);
  isSignedOut = false;
}

/**
 * Sends a request to the app's own routes or to Millrace's. Rejects with a `Problem`.
 * @param {string} path below the app's path, or `/v1/…`
 * @param {{ method?: string, json?: unknown }} [init]
 */
export async function request(path, { method = "GET", json } = {}) {
  const { pathname } = new URL(path.split("?")[0] ?? "", location.href);
  const query = path.includes("?") ? path.slice(path.indexOf("?")) : "";
  const response = await client.request(pathname + query, {
    method,
    ...(json !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(json),
    }),
  });
  return response.status === 204 ? null : response.json();
}

/**
 * Follows a job to its end. The client reconnects automatically and resumes after the last event.
 * @param {string} id
 * @param {object} on
 * @param {AbortSignal} on.signal ends it
 * @param {(type: string, data: import("millrace/client").JobEvent["data"]) => void} [on.step]
 * @param {(text: string) => void} [on.text] called with the whole streamed text so far
 * @returns {Promise<Job>} the job after it has ended
 */
export async function follow(id, { signal, step = () => {}, text = () => {} }) {
  let streamed = "";
  let attempt = 0;
  for await (const { type, data } of client.events(id, { signal })) {
    if (type !== "text.delta") {
      step(type, data);
      continue;
    }
    const of = data.attempt ?? 1;
    if (of < attempt) continue;
    if (of > attempt) streamed = "";
    attempt = of;
    streamed = streamed.slice(0, data.offset) + data.text;
    text(streamed);
  }
  return client.wait(id, { signal });
}
