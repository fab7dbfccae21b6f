interface Counts {
  failed: number;
  total: number;
}

/** Why a step does not run after its items or parts have ended. */
export function failedMessage(
  what: "item" | "part",
  { failed, total }: Counts,
  { name, needs }: { name: string; needs: "some" | "every" },
): string {
  if (total === 1) return `The only ${what} failed.`;
  return needs === "every"
    ? `${failed} of ${total} ${what}s failed, and the step "${name}" needs them all.`
    : `All ${total} ${what}s failed.`;
}
