import { afterAll, test } from "vitest";
import { postgresInstalled, startPostgres } from "../../../test/services/postgres.ts";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { openPostgresBroker } from "./broker.ts";

if (!postgresInstalled) {
  test("a PostgreSQL cluster of its own", (context) => context.skip("missing: Debian's package postgresql"));
} else {
  const server = await startPostgres();
  afterAll(() => server.stop());
  brokerSuite(
    {
      name: "postgres",
      open: () => openPostgresBroker(server.url),
      child: "covered in broker.test.ts",
      outage: "covered in broker.test.ts",
      restart: () => server.restart(),
    },
    { only: ["restart.keeps"] },
  );
}
