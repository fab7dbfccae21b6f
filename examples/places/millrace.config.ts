import type { UserConfig } from "millrace";

export default {
  app: "./app.ts",
  pipelines: ["./pipelines/index.ts"],
} satisfies UserConfig;
