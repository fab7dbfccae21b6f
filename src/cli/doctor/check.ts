export type Status = "ok" | "warn" | "fail";

/** One line of the doctor's report. */
export interface Check {
  name: string;
  status: Status;
  /** The finding. */
  message: string;
  /** How to fix it. */
  advice?: string;
}

export const ok = (name: string, message: string): Check => ({ name, status: "ok", message });
export const warn = (name: string, message: string, advice: string): Check => ({
  name,
  status: "warn",
  message,
  advice,
});
export const failed = (name: string, message: string, advice: string): Check => ({
  name,
  status: "fail",
  message,
  advice,
});

export function messageOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
