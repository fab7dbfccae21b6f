/** An object with an `artifactId`, like the result of `ctx.write`, refers to a file. Ids begin with their job's id. */

const id = String.raw`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[\w.-]{1,60}`;

/** Matches ids in indented JSON. The id is the capture group. */
export const references = new RegExp(`(?<="artifactId": ")(${id})(?=")`);

export function isReference(name: string, value: unknown): value is string {
  return name === "artifactId" && typeof value === "string" && new RegExp(`^${id}$`).test(value);
}
