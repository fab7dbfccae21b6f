export type Headers = Readonly<Record<string, string>>;

/** Set on every response: constant and cheap, and strict enough for data that no browser should run. */
export const apiHeaders: Headers = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** Browser permissions that a page may request. */
export const DEVICES = ["camera", "microphone", "geolocation"] as const;
export type Device = (typeof DEVICES)[number];

/** For pages: everything comes from this server, and no other site may frame it. */
export function pageHeaders(
  allowed: { scripts?: string[]; styles?: string[]; devices?: readonly Device[] } = {},
): Headers {
  const policy = {
    "default-src": ["'self'"],
    "script-src": ["'self'", ...(allowed.scripts ?? [])],
    "style-src": ["'self'", ...(allowed.styles ?? [])],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "worker-src": ["'self'", "blob:"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
  };
  return {
    ...apiHeaders,
    "content-security-policy": Object.entries(policy)
      .map(([name, sources]) => `${name} ${sources.join(" ")}`)
      .join("; "),
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": DEVICES.map(
      (device) => `${device}=(${allowed.devices?.includes(device) ? "self" : ""})`,
    ).join(", "),
    "cache-control": "no-cache",
  };
}
