import type { UserConfig } from "millrace";

export default {
  app: "./app.ts",
  pipelines: ["./pipelines.ts"],
  // Each user has their own characters and conversations.
  auth: "on",
  registration: "open",
  authzRules: "./authz-rules.json",
} satisfies UserConfig;
