import type { UserConfig } from "millrace";

/** `npx millrace doctor` shows all settings; the environment comes before this file. */
export default { pipelines: ["./pipelines.ts"] } satisfies UserConfig;
