import { parseCookie, stringifySetCookie } from "cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Granted } from "../../accounts/sessions.ts";

/*
 * The page keeps tokens where scripts cannot read them. One cookie holds the access token, for what the browser loads
 * itself (images, downloads, event streams). Another holds the refresh token and is sent to /v1/auth only.
 */

const ACCESS = "millrace_access";
const REFRESH = "millrace_refresh";
const DEVICE = "millrace_device";
const FLOW = "millrace_flow";
const FLOW_PATH = "/v1/auth/oidc";
const FLOW_SECONDS = 600;
const REFRESH_PATH = "/v1/auth";
const DEVICE_SECONDS = 400 * 24 * 3_600;

export type CookieName = "access" | "refresh" | "device" | "flow";
const names: Record<CookieName, string> = { access: ACCESS, refresh: REFRESH, device: DEVICE, flow: FLOW };

export function cookieOf(request: Pick<FastifyRequest, "headers">, name: CookieName): string | null {
  const { cookie } = request.headers;
  return (cookie !== undefined && parseCookie(cookie)[names[name]]) || null;
}

export interface CookieWriter {
  grant(request: FastifyRequest, reply: FastifyReply, granted: Granted): void;
  device(request: FastifyRequest, reply: FastifyReply, value: string): void;
  /** State that the browser must return with from a sign-in provider. */
  flow(request: FastifyRequest, reply: FastifyReply, value: string): void;
  /** Clears the session but keeps the device. */
  clear(request: FastifyRequest, reply: FastifyReply): void;
}

/** @param publicUrl base URL that browsers see, if the server is behind a proxy */
export function cookieWriter(publicUrl: string | null): CookieWriter {
  function set(
    [request, reply]: [FastifyRequest, FastifyReply],
    name: string,
    value: string,
    { path, maxAge, sameSite = "strict" }: { path: string; maxAge: number; sameSite?: "strict" | "lax" },
  ): void {
    const secure = publicUrl?.startsWith("https:") || request.protocol === "https";
    reply.header(
      "set-cookie",
      stringifySetCookie({ name, value, path, maxAge, httpOnly: true, sameSite, secure }),
    );
  }
  return {
    grant(request, reply, granted) {
      set([request, reply], ACCESS, granted.accessToken, { path: "/", maxAge: granted.expiresIn });
      const maxAge = granted.refreshExpiresIn;
      set([request, reply], REFRESH, granted.refreshToken, { path: REFRESH_PATH, maxAge });
    },
    device(request, reply, value) {
      set([request, reply], DEVICE, value, { path: REFRESH_PATH, maxAge: DEVICE_SECONDS });
    },
    flow(request, reply, value) {
      // The provider sends the browser back from another site, where `Strict` would withhold the cookie.
      const maxAge = value === "" ? 0 : FLOW_SECONDS;
      set([request, reply], FLOW, value, { path: FLOW_PATH, maxAge, sameSite: "lax" });
    },
    clear(request, reply) {
      set([request, reply], ACCESS, "", { path: "/", maxAge: 0 });
      set([request, reply], REFRESH, "", { path: REFRESH_PATH, maxAge: 0 });
    },
  };
}
