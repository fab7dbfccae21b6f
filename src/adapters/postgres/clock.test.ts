import { afterAll, expect, test } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { UploadRecord } from "../../ports/store/uploads.ts";
import { placeOf, withService } from "../../testing/services.ts";
import { openPostgresStore } from "./store.ts";
import { testSchema } from "./testing.ts";

const DAY_MS = 24 * 3_600_000;
const schema = testSchema();
const { now } = Date;

await withService("PostgreSQL", placeOf(schema.url, 5432), () => {
  afterAll(async () => {
    Date.now = now;
    await schema.drop();
  });

  test.each([-2, 2])(
    "an upload's end is told by the clock of who asks, which is %i days off",
    async (days) => {
      Date.now = () => now() + days * DAY_MS;
      const store = await openPostgresStore(schema.url, { publishes: true });
      const upload: UploadRecord = {
        id: newId(),
        owner: "local",
        name: "a.txt",
        length: 2,
        offset: 0,
        metadata: "",
        parts: [],
        file: null,
        direct: null,
        expiresAt: Date.now() + DAY_MS,
      };
      const place = { owner: "local", id: upload.id };
      await store.uploads.create(upload);
      const known = await store.uploads.get({ ...place, now: Date.now() });
      expect(Math.abs(known!.expiresAt - upload.expiresAt)).toBeLessThan(1_000);
      // What keeps its bytes as long as it lives must not be moved twice.
      const sha256 = "0".repeat(64);
      const { key } = await store.pin({ key: newId(), sha256, bytes: 1, until: known!.expiresAt });
      const part = { blob: key, bytes: 1, sha256 };
      const answer = await store.uploads.append({ ...place, offset: 0, parts: [part], now: Date.now() });
      expect(answer.ok && Math.abs(answer.upload.expiresAt - upload.expiresAt)).toBeLessThan(1_000);
      expect(await store.collect({ now: Date.now(), limit: 10 })).toEqual([]);
      expect(await store.collect({ now: upload.expiresAt + 2_000, limit: 10 })).toEqual([key]);
      await store.forget({ keys: [key] });
      await store.close();
    },
  );
});
