/** Levels of arrays and objects in a request's JSON; what walks through it may then call itself. */
export const MAX_NESTING = 64;

/** Whether a parsed JSON value is nested more deeply than `levels`. Does not call itself: the value may be hostile. */
export function isNestedDeeper(value: unknown, levels: number): boolean {
  let present: unknown[] = [value];
  for (let level = 0; present.length > 0; level++) {
    const nested = present.filter((one): one is object => typeof one === "object" && one !== null);
    if (nested.length > 0 && level >= levels) return true;
    present = nested.flatMap((one) => Object.values(one));
  }
  return false;
}
