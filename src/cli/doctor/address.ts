import type { Config } from "../../compose/config.ts";
import { tryPort, whoAnswers } from "../port.ts";
import { type Check, failed, ok, warn } from "./check.ts";

const NAME = "address";

/** Whether the API can listen on its address, or already does. */
export async function checkAddress({ host, port }: Config): Promise<Check> {
  const address = `${host}:${port}`;
  const problem = await tryPort(host, port);
  if (problem === null) return ok(NAME, `${address} is free`);
  if (problem === "EACCES") {
    return failed(
      NAME,
      `this user is not allowed to listen on port ${port}`,
      "Choose one above 1023 with PORT.",
    );
  }
  if (problem !== "EADDRINUSE") return failed(NAME, `${address}: ${problem}`, "Choose another HOST.");
  if ((await whoAnswers(host, port)) === "millrace")
    return ok(NAME, `Millrace is already running at http://${address}`);
  const advice = "Choose another with --port or PORT, or stop that program.";
  return warn(NAME, `port ${port} is used by another program`, advice);
}
