import { find, installPackages } from "./debian.ts";
import { answersTo } from "./probe.ts";
import type { Service } from "./service.ts";

export const redis: Service = {
  name: "redis",
  variable: "MILLRACE_TEST_REDIS",
  urls: ["redis://127.0.0.1:6379", "redis://127.0.0.1:16379"],

  answers: (url) => answersTo(url, "PING\r\n", (answer) => answer.toString().startsWith("+PONG")),

  async install() {
    if (!(await find("redis-server"))) await installPackages(["redis-server"]);
  },

  async command(url, folder) {
    return {
      program: (await find("redis-server"))!,
      // Persistence for a queue: every write is in the log within a second.
      args: ["--bind", "127.0.0.1", "--port", new URL(url).port, "--dir", folder, "--appendonly", "yes"],
    };
  },
};
