/** An object with an `artifactId`, as `ctx.write` returns it, refers to a file. Ids begin with that of their job. */

const id = String.raw`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[\w.-]{1,60}`;

/** In JSON that is indented; the id is its group. */
export const references = new RegExp(`(?<="artifactId": ")(${id})(?=")`);

export function isReference(name: string, value: unknown): value is string {
  return name === "artifactId" && typeof value === "string" && new RegExp(`^${id}$`).test(value);
}
