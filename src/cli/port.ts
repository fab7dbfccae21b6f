import { type AddressInfo, createServer } from "node:net";

/** Tries to listen on an address. Returns `null`, or the system's error code. */
export function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Finds a free port, so that the address stays the same when the API is replaced. */
export function anyFreePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port: 0, exclusive: true }, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const ANSWER_MS = 2_000;

/** Identifies the program that listens on a port. */
export async function whoAnswers(host: string, port: number): Promise<"millrace" | "another program"> {
  const name = host.includes(":") ? `[${host.replace(/[[\]]/g, "")}]` : host;
  try {
    const response = await fetch(`http://${name}:${port}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { checks } = (await response.json()) as { checks?: { store?: unknown } };
    return checks?.store ? "millrace" : "another program";
  } catch {
    return "another program";
  }
}
