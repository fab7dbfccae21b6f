export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}

/** A link in running text. */
export const linkLook = "font-medium text-accent underline underline-offset-2";
