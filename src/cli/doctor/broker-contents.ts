import { setTimeout as sleep } from "node:timers/promises";
import { isLocal, openStore } from "../../compose/adapters.ts";
import type { Config } from "../../compose/config.ts";
import type { Broker } from "../../ports/broker.ts";

/** Maximum dead letters to count per queue, because brokers list them one by one. */
const MOST_LOOKED_AT = 100;
const PATIENCE_MS = 3_000;

/**
 * The broker's own counts for the queues in the records, such as `messages waiting: 12`, to compare with the records.
 * Empty if the broker does not answer in time.
 */
export async function brokerContents(broker: Broker, config: Config): Promise<string> {
  if (isLocal(config.store)) return "";
  const late = sleep(PATIENCE_MS, "", { ref: false });
  return Promise.race([count(broker, config).catch(() => ""), late]);
}

async function count(broker: Broker, config: Config): Promise<string> {
  const store = await openStore({ config, writer: null });
  try {
    const names = (await store.queues({ now: store.now() })).map((queue) => queue.name);
    const told: string[] = [];
    if (broker.depth) {
      const depths = await Promise.all(names.map((name) => broker.depth!(name)));
      told.push(`messages waiting: ${sum(depths)}`);
    }
    if (broker.deadLetters) {
      const found = await Promise.all(names.map((name) => broker.deadLetters!(name, MOST_LOOKED_AT)));
      const isCut = found.some((letters) => letters.length === MOST_LOOKED_AT);
      const n = sum(found.map((letters) => letters.length));
      told.push(`dead-lettered: ${n}${isCut ? " or more" : ""}`);
    }
    return told.length > 0 ? `; ${told.join(", ")}` : "";
  } finally {
    await store.close();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
