/**
 * Settings of a folder: `millrace start` in this folder finds them. Flags and the environment come first;
 * `millrace doctor` shows what is in force, and from where.
 */
import type { UserConfig } from "millrace";
import { contactSheet } from "./contact-sheet.ts";

export default {
  // Pipelines themselves, or paths of modules that export some.
  pipelines: [contactSheet, "./word-count.ts"],
  retentionHours: 24,
} satisfies UserConfig;
