const PART_OF_PATH = /^[A-Za-z0-9_-]{1,64}$/;
const DEPTH = 8;

/** Uploads that options reference as `{uploadId}`, by option path. Looks as deep as a form can name options. */
export function optionUploads(options: unknown, path: readonly string[] = []): Map<string, string> {
  if (typeof options !== "object" || options === null) return new Map();
  const entries = Object.entries(options);
  const [[name, uploadId] = []] = entries;
  if (path.length > 0 && entries.length === 1 && name === "uploadId" && typeof uploadId === "string") {
    return new Map([[path.join("."), uploadId]]);
  }
  if (path.length === DEPTH) return new Map();
  const found = entries
    .filter(([key]) => PART_OF_PATH.test(key))
    .flatMap(([key, value]) => [...optionUploads(value, [...path, key])]);
  return new Map(found);
}
