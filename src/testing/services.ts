import { connect } from "node:net";
import { describe, test } from "vitest";

/**
 * Registers tests that need a service. Where it does not answer they are skipped, saying so; in CI
 * (`CI=true`) that is a failure, so that no adapter goes untested unnoticed.
 */
export async function withService(
  name: string,
  place: { host: string; port: number },
  define: () => void | Promise<void>,
): Promise<void> {
  if (await answers(place)) return define();
  const reason = `${name} does not answer at ${place.host}:${place.port}`;
  describe(name, () => {
    if (process.env.CI === "true") {
      test("the service is there", () => {
        throw new Error(reason);
      });
    } else {
      test("the service is there", (context) => context.skip(reason));
    }
  });
}

/** Host and port of a service's URL. */
export function placeOf(url: string, port: number): { host: string; port: number } {
  const { hostname, port: given } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(given) || port };
}

function answers(place: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}
