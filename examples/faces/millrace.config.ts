import type { UserConfig } from "millrace";

/** `npx millrace doctor` shows all settings. Environment variables override this file. */
export default {
  pipelines: ["./pipelines.ts"],
  app: "./app.ts",
} satisfies UserConfig;
