import { connection } from "../connection/connection.ts";
import { networkProblem, parseProblem } from "./problem.ts";

/** Rejects with a `Problem` for anything but a 2xx answer, and with the signal's reason when it was aborted. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { accept: "application/json", ...init.headers } });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    connection.lost();
    throw networkProblem();
  }
  if (!response.ok) {
    throw parseProblem(response.status, await response.text(), response.headers.get("retry-after"));
  }
  connection.reached();
  return response;
}
