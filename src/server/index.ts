export type { Limits } from "../http/limits.ts";
export { createServer, type Server, type ServerOptions } from "./server.ts";
