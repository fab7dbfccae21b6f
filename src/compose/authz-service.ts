import type { Authz } from "../authz/authz.ts";
import { signer } from "../domain/keys.ts";
import { countDrops } from "../engine/messages/drops.ts";
import { signedBus } from "../engine/messages/signed-bus.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Bus } from "../ports/bus.ts";
import type { Access } from "../replica/access.ts";
import { createReplica } from "../replica/replica.ts";
import { accessOf } from "./access.ts";
import { openIdentities, ownTokens } from "./accounts.ts";
import { isLocal, openBus, openDatabase, openStore, type Wiring } from "./adapters.ts";
import { openAuthz } from "./authz.ts";
import { installationSecrets } from "./secrets.ts";

/** What the authorization service needs: the records and the bus, but neither broker nor files. */
export async function openAuthzParts(
  wiring: Wiring,
  log: StepLog,
): Promise<{ authz: Authz; access: Access; bus: Bus; close(): Promise<void> }> {
  const { config } = wiring;
  const opened: { close(): Promise<void> | void }[] = [];
  const keep = <T extends { close(): Promise<void> | void }>(part: T): T => {
    opened.push(part);
    return part;
  };
  const close = async () => {
    for (const part of opened.toReversed()) await part.close();
  };
  try {
    const store = keep(await openStore(wiring));
    const database = keep(await openDatabase(wiring));
    const drops = countDrops(log);
    const openedBus = keep(await openBus(wiring));
    const secrets = await installationSecrets(config);
    const bus = isLocal(config.bus) ? openedBus : signedBus(openedBus, signer(secrets, "bus"), drops);
    const replica = keep(
      createReplica({
        ...{ database, bus, log },
        now: store.now,
        onMalformed: () => drops.add("bus", "malformed", "replica"),
      }),
    );
    const access = keep(accessOf(config, replica, { bus, store, drops }));
    const known = await openIdentities(config, { database, access, log, now: store.now });
    if (known) keep(known);
    const own = known ? [ownTokens(known.identities)] : [];
    const { authz, start } = keep(openAuthz(config, access, { own, now: store.now, log }));
    await access.start();
    await start();
    return { authz, access, bus, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}
