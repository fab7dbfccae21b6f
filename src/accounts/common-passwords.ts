let common: ReadonlySet<string> | null = null;

/** Loads the list when it is asked for first: most processes never do. */
export async function commonPasswords(): Promise<ReadonlySet<string>> {
  if (common) return common;
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  common = new Set(dictionary["passwords-common"]);
  return common;
}
