export { type Application, wrongPath } from "./application.ts";
export { openArchive } from "./files/archive.ts";
export { writeZip } from "./files/zip-writer.ts";
export type { Limits } from "./limits.ts";
export { createServer, createServerApp, type Server, type ServerOptions } from "./server.ts";
