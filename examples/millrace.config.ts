/**
 * Settings for `millrace start` in this folder. Flags and environment variables override them. `millrace doctor` shows
 * the effective settings with their sources.
 */
import type { UserConfig } from "millrace";
import { contactSheet } from "./contact-sheet.ts";

export default {
  // Pipelines, or paths of modules that export some.
  pipelines: [contactSheet, "./word-count.ts"],
  retentionHours: 24,
} satisfies UserConfig;
