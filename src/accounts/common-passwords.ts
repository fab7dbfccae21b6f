let common: ReadonlySet<string> | null = null;

/** Loads the list on first use, because most processes never need it. */
export async function commonPasswords(): Promise<ReadonlySet<string>> {
  if (common) return common;
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  common = new Set(dictionary["passwords-common"]);
  return common;
}
