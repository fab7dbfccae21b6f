import pg from "pg";

let pool: pg.Pool | null = null;

/** Writes rows in one statement, that is, one commit. Each process has a separate pool. */
export async function insertRows(url: string, numbers: readonly number[]): Promise<void> {
  pool ??= new pg.Pool({ connectionString: url, max: 10 }).on("error", () => {});
  await pool.query("INSERT INTO rows (n) SELECT unnest($1::integer[])", [numbers]);
}
