import { parseCookie, stringifySetCookie } from "cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Granted } from "../../accounts/sessions.ts";

/*
 * A page keeps no token where a script could read it: the access token is in a cookie for what a browser loads by
 * itself (pictures, downloads, event streams), and what refreshes it in one that only /v1/auth gets.
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
  /** What a browser must have when it comes back from a provider. */
  flow(request: FastifyRequest, reply: FastifyReply, value: string): void;
  /** Forgets the session, not the device. */
  clear(request: FastifyRequest, reply: FastifyReply): void;
}

/** @param publicUrl what browsers see, where a proxy stands before the server */
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
      // It comes back from another site, by a link: with `Strict` the browser would not send it.
      const maxAge = value === "" ? 0 : FLOW_SECONDS;
      set([request, reply], FLOW, value, { path: FLOW_PATH, maxAge, sameSite: "lax" });
    },
    clear(request, reply) {
      set([request, reply], ACCESS, "", { path: "/", maxAge: 0 });
      set([request, reply], REFRESH, "", { path: REFRESH_PATH, maxAge: 0 });
    },
  };
}
