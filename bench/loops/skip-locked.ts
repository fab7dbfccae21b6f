import pg from "pg";
import { grouped } from "../grouped.ts";
import { CONCURRENCY, type JobData, type Peer } from "../peers/peer.ts";

const TABLE = "CREATE TABLE jobs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job json NOT NULL)";
/** The array forces lookups by key, whatever the statistics say. */
const TAKE = `
  DELETE FROM jobs WHERE id = ANY (ARRAY(SELECT id FROM jobs ORDER BY id LIMIT ${CONCURRENCY} FOR UPDATE SKIP LOCKED))
  RETURNING job`;

/**
 * A table, `FOR UPDATE SKIP LOCKED`, and a notification. Jobs added at the same moment share an INSERT. A hundred
 * are taken, run, and deleted in one transaction, which is rolled back if the worker dies.
 */
export const skipLocked: Peer = {
  name: "bare SKIP LOCKED",

  async produce(url) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(TABLE);
    const insert = grouped(async (batch: JobData[][]) => {
      const values = [batch.flat().map((job) => JSON.stringify(job))];
      const text = "INSERT INTO jobs (job) SELECT unnest($1::json[])";
      await client.query({ name: "insert", text, values });
      // Outside the INSERT's transaction, where NOTIFY would serialize the commits.
      void client.query("NOTIFY jobs");
      return batch.map(() => undefined);
    });
    return {
      add: (job) => insert([job]),
      addMany: insert,
      async unfinished() {
        return (await client.query<{ n: number }>("SELECT count(*)::int AS n FROM jobs")).rows[0]!.n;
      },
      close: () => client.end(),
    };
  },

  async work(url, onJob) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const bell = new pg.Client({ connectionString: url });
    await bell.connect();
    let ring = () => {};
    let rung = true;
    bell.on("notification", () => {
      rung = true;
      ring();
    });
    await bell.query("LISTEN jobs");
    let open = true;
    const loop = async () => {
      while (open) {
        rung = false;
        await client.query("BEGIN");
        const { rows } = await client.query<{ job: JobData }>({ name: "take", text: TAKE });
        await Promise.all(rows.map(({ job }) => onJob(job)));
        await client.query("COMMIT");
        if (rows.length > 0 || rung) continue;
        await new Promise<void>((resolve) => {
          ring = resolve;
          setTimeout(resolve, 1_000);
        });
      }
    };
    const running = loop();
    return {
      async close() {
        open = false;
        ring();
        await running;
        await Promise.all([client.end(), bell.end()]);
      },
    };
  },
};
