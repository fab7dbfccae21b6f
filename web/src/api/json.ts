import { query } from "../../../src/client/transport.ts";
import { client } from "./client.ts";

/** For calls of a few lazily loaded pages, to keep them out of the client. */

export async function getJson<T>(path: string, values: object = {}, signal?: AbortSignal): Promise<T> {
  return (await client.request(path + query(values), { signal })).json();
}

/** Resolves with `undefined` if the response has no body. */
export async function sendJson<T>(
  method: "POST" | "PATCH" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
): Promise<T> {
  const given = body !== undefined && {
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  const text = await (await client.request(path, { method, ...given })).text();
  return text === "" ? (undefined as T) : JSON.parse(text);
}
