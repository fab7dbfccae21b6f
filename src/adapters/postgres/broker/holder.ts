import type { Target } from "../connection.ts";
import { Listener } from "../listener.ts";
import { classOf } from "../locks.ts";

/**
 * The connection on which the broker listens. For as long as it lives, it keeps the advisory lock of the number under
 * which this process takes deliveries.
 */
export interface Holder {
  readonly listener: Listener;
  /** `null` while the connection is down. */
  number(): number | null;
  /** Listens to a channel from now on. */
  hear(channel: string, act: () => void): Promise<void>;
}

export async function openHolder(
  target: Target,
  { onLost, onReturn }: { onLost(): void; onReturn(): void },
): Promise<Holder> {
  const channels = new Map<string, () => void>();
  let number: number | null = null;
  const listener = await Listener.open({
    target,
    role: "broker listener",
    onNotification: (channel) => channels.get(channel)?.(),
    async onOpen(client) {
      const { rows } = await client.query("SELECT nextval('holders')::int AS holder");
      await client.query(`SELECT pg_advisory_lock(${classOf("broker")}, $1::int)`, [rows[0].holder]);
      number = rows[0].holder as number;
    },
    onLost() {
      number = null;
      onLost();
    },
    onReturn,
  });
  return {
    listener,
    number: () => number,
    async hear(channel, act) {
      if (channels.has(channel)) return;
      channels.set(channel, act);
      await listener.keep(channel);
    },
  };
}
