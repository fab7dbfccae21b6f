import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openStore } from "../src/compose/adapters.ts";
import { resolveConfig } from "../src/compose/config.ts";
import { startEmbedded } from "../src/compose/embedded.ts";
import { newId } from "../src/domain/ids.ts";
import { PIN_MS } from "../src/engine/leases.ts";
import { startLeaseRenewer } from "../src/worker/lease-renewer.ts";

test("what a step wrote stays pinned for as long as its lease is held", async () => {
  const data = await mkdtemp(`${tmpdir()}/millrace-renewer-`);
  const { config } = await resolveConfig({ data, logLevel: "silent" }, {}, data);
  const writer = (await startEmbedded(config))!;
  const wiring = { config, writer: writer.socketPath };
  const store = await openStore(wiring);
  const opener = new URL("../src/compose/lease-store.ts", import.meta.url).href;
  const renewer = await startLeaseRenewer({ opener, config: wiring, repinMs: 50 });
  try {
    const held = renewer.hold(`${newId()}.0`, newId(), () => {});
    const [written, other] = [randomUUID(), randomUUID()];
    // Live content keeps its key; other content gets the key that is offered.
    const pin = async (sha256: string, until = store.now() + 400) =>
      (await store.pin({ key: randomUUID(), sha256, bytes: 1, until })).key;
    const keys = [await pin(written), await pin(other)];
    held.pinned(keys[0]!);
    await sleep(1_000);
    expect(await pin(written, 0)).toBe(keys[0]);
    expect(await pin(other, 0)).not.toBe(keys[1]);

    held.release();
    await sleep(1_000);
    expect(await store.collect({ now: store.now() + PIN_MS - 400, limit: 10 })).toContain(keys[0]);
  } finally {
    await renewer.close();
    await store.close();
    await writer.close();
    await rm(data, { recursive: true, force: true });
  }
});
