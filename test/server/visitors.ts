import type { Role } from "../../src/domain/accounts.ts";
import type { Running } from "./harness.ts";

export const PASSWORD = "correct horse battery";

/** A browser: keeps cookies, and sends the origin of its requests. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  ask(path: string, body?: object, method?: string): Promise<Response>;
  /** Expects this status, and returns the response's JSON. */
  json<T = Record<string, unknown>>(status: number, path: string, body?: object, method?: string): Promise<T>;
}

export function visitor({ url }: Pick<Running, "url">, headers: Record<string, string> = {}): Visitor {
  const cookies = new Map<string, string>();
  const ask: Visitor["ask"] = async (path, body, method = body ? "POST" : "GET") => {
    const sent: Record<string, string> = { origin: url, ...headers };
    if (body) sent["content-type"] = "application/json";
    if (cookies.size > 0) sent.cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(url + path, { method, headers: sent, body: body && JSON.stringify(body) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === "") cookies.delete(name!);
      else cookies.set(name!, value!);
    }
    return answer;
  };
  return {
    cookies,
    ask,
    async json(status, path, body, method) {
      const answer = await ask(path, body, method);
      const text = await answer.text();
      if (answer.status !== status) throw new Error(`${path}: ${answer.status} ${text}`);
      return text === "" ? {} : JSON.parse(text);
    },
  };
}

/** A visitor with a new account who has logged in. */
export async function signedIn(
  server: Running,
  email: string,
  role: Role = "user",
): Promise<Visitor & { id: string; token: string }> {
  const { id } = await server.accounts!.users.create({ email, name: "", role, password: PASSWORD });
  const browser = visitor(server);
  const { accessToken } = await browser.json<{ accessToken: string }>(200, "/v1/auth/login", {
    email,
    password: PASSWORD,
  });
  return { ...browser, id, token: accessToken };
}
