/** The part of autocannon's interface that is used here; it brings no types of its own. */
declare module "autocannon" {
  interface Options {
    url: string;
    method?: string;
    headers?: { [name: string]: string };
    body?: string;
    connections: number;
    duration: number;
    /** A second, over all connections. */
    overallRate?: number;
    /** Sent one after the other over each connection. */
    requests?: { headers: { [name: string]: string } }[];
  }
  interface Result {
    requests: { total: number };
    non2xx: number;
    errors: number;
    timeouts: number;
    duration: number;
  }
  interface Instance extends Promise<Result> {
    on(
      event: "response",
      listener: (client: unknown, status: number, bytes: number, ms: number) => void,
    ): this;
  }
  export default function autocannon(options: Options): Instance;
}
