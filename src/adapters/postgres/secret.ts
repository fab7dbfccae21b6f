import { openClient, openingError, targetOf } from "./connection.ts";

/** The key of an installation, stored with its records, whose tables must exist; created on the first call. */
export async function schemaSecret(url: string, candidate: string): Promise<string> {
  const target = targetOf(url);
  try {
    const client = await openClient(target, "key");
    try {
      await client.query("INSERT INTO installation (secret) VALUES ($1) ON CONFLICT DO NOTHING", [candidate]);
      const { rows } = await client.query("SELECT secret FROM installation");
      return rows[0].secret as string;
    } finally {
      await client.end();
    }
  } catch (error) {
    throw openingError(error, target);
  }
}
