import { usageError } from "../output.ts";

export const DEFAULT_SERVER = "http://127.0.0.1:8080";

/** Server URL: the flag, `MILLRACE_SERVER`, the `PORT` that `millrace start` would use, or the default. */
export function serverUrl(flag: string | undefined): string {
  const { MILLRACE_SERVER, PORT } = process.env;
  const here = PORT ? `http://127.0.0.1:${PORT}` : DEFAULT_SERVER;
  const text = flag ?? (MILLRACE_SERVER || here);
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw usageError(`"${text.slice(0, 80)}" is not a server URL. An example is ${DEFAULT_SERVER}.`);
  }
  return url.href.replace(/\/+$/, "");
}
