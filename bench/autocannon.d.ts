/** The part of autocannon's API that we use; the package ships no types. */
declare module "autocannon" {
  interface Options {
    url: string;
    method?: string;
    headers?: { [name: string]: string };
    body?: string;
    connections: number;
    duration: number;
    /** Requests per second over all connections. */
    overallRate?: number;
    /** Each connection sends these one after the other. */
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
