import { expressionBuilder } from "kysely";
import type {
  DisabledReason,
  ResendRequest,
  SealedSecret,
  WebhookHealth,
  WebhookKind,
  WebhookRecord,
  WebhookSpec,
} from "../domain/webhooks.ts";
import type { Database } from "../ports/database.ts";
import type { WebhookRow } from "./tables/webhooks.ts";
import type { Tables } from "./tables.ts";

/** Number of leases under which deliveries are sent: each endpoint belongs to one shard. */
export const WEBHOOK_SHARDS = 32;

export interface WebhookQuery {
  /** `null`: of any owner. */
  owner: string | null;
  id: string;
}

/** Fields of the record that one change may set. */
export interface WebhookChange {
  spec?: WebhookSpec;
  secrets?: SealedSecret[];
  enabled?: boolean;
  disabledReason?: DisabledReason | null;
  health?: WebhookHealth;
  since?: number;
  resend?: ResendRequest | null;
}

export type WebhookRecords = ReturnType<typeof webhookRecords>;

/** Records of webhook endpoints. */
export function webhookRecords(database: Database<Tables>) {
  return { ...reading(database), ...changing(database), ...caring(database) };
}

function reading({ db }: Database<Tables>) {
  const all = () => db.selectFrom("webhooks").selectAll();

  return {
    /** Whether there is any endpoint. */
    async isAny(): Promise<boolean> {
      return (await db.selectFrom("webhooks").select("id").limit(1).executeTakeFirst()) !== undefined;
    },

    async get({ owner, id }: WebhookQuery): Promise<WebhookRecord | null> {
      let query = all().where("id", "=", id);
      if (owner !== null) query = query.where("owner", "=", owner);
      const row = await query.executeTakeFirst();
      return row ? recordOf(row) : null;
    },

    /** Ordered by id; `after` is the last one on the previous page. `owner: null`: of all owners. */
    async list(query: {
      owner: string | null;
      kind?: WebhookKind;
      after?: string;
      limit: number;
    }): Promise<WebhookRecord[]> {
      let rows = all().where("kind", "!=", "job").orderBy("id").limit(query.limit);
      if (query.owner !== null) rows = rows.where("owner", "=", query.owner);
      if (query.kind !== undefined) rows = rows.where("kind", "=", query.kind);
      if (query.after !== undefined) rows = rows.where("id", ">", query.after);
      return (await rows.execute()).map(recordOf);
    },

    /** How many endpoints fail, and how many were switched off for failing, each counted up to `most`. */
    async ailing(most: number): Promise<{ failing: number; disabled: number }> {
      const some = db.selectFrom("webhooks").select("id").where("kind", "!=", "job").limit(most);
      // In this JSON only a member's name is in unescaped quotes, and no number but 0 begins with 0.
      const failing = some.where("enabled", "=", 1).where("health", "not like", '%"failures":0%');
      const disabled = some.where("enabled", "=", 0).where("disabled_reason", "in", ["failing", "gone"]);
      const [failed, gone] = await Promise.all([failing.execute(), disabled.execute()]);
      return { failing: failed.length, disabled: gone.length };
    },

    /** Ids of all endpoints of an owner, including unlisted ones. */
    async listAll(owner: string, limit: number): Promise<{ id: string }[]> {
      return db.selectFrom("webhooks").select("id").where("owner", "=", owner).limit(limit).execute();
    },

    /** Endpoints of these shards, by id. */
    async ofShards(query: {
      shards: readonly number[];
      after: string;
      limit: number;
    }): Promise<WebhookRecord[]> {
      if (query.shards.length === 0) return [];
      const rows = all().where("shard", "in", query.shards).where("id", ">", query.after);
      return (await rows.orderBy("id").limit(query.limit).execute()).map(recordOf);
    },

    /** Ids of endpoints changed since then. */
    async changedSince(time: number, limit: number): Promise<string[]> {
      const rows = db.selectFrom("webhooks").select("id").where("changed_at", ">=", time);
      return (await rows.limit(limit).execute()).map(({ id }) => id);
    },
  };
}

function changing(database: Database<Tables>) {
  const { db, batch } = database;
  const { get } = reading(database);

  return {
    /** Records a new endpoint, unless its owner already has `most`; repeating it changes nothing. */
    async create(webhook: WebhookRecord, most: number): Promise<boolean> {
      const { n } = await db
        .selectFrom("webhooks")
        .select((count) => count.fn.countAll<number>().as("n"))
        .where("owner", "=", webhook.owner)
        .where("kind", "!=", "job")
        .executeTakeFirstOrThrow();
      if (n >= most) return false;
      await db
        .insertInto("webhooks")
        .values(rowOf(webhook))
        .onConflict((taken) => taken.doNothing())
        .execute();
      return true;
    },

    /**
     * Changes a record based on its current state: `change` is called again if another change interferes. It returns
     * `null` to leave the record unchanged.
     */
    async update(
      query: WebhookQuery,
      now: number,
      change: (webhook: WebhookRecord) => WebhookChange | null,
    ): Promise<WebhookRecord | null> {
      for (;;) {
        const before = await get(query);
        if (before === null) return null;
        const wanted = change(before);
        if (wanted === null) return before;
        const [done] = await batch([this.changing(before, wanted, now)]);
        if (done.changes === 1) return { ...before, ...wanted, version: before.version + 1 };
      }
    },

    /** The statement that changes a record if it is still as it was read. */
    changing({ id, version }: WebhookRecord, change: WebhookChange, now: number) {
      const { spec, secrets, health, resend, enabled, disabledReason, since } = change;
      return db
        .updateTable("webhooks")
        .set({
          ...(spec && { spec: JSON.stringify(spec) }),
          ...(secrets && { secrets: JSON.stringify(secrets) }),
          ...(health && { health: JSON.stringify(health) }),
          ...(resend !== undefined && { resend: resend && JSON.stringify(resend) }),
          ...(enabled !== undefined && { enabled: enabled ? 1 : 0 }),
          ...(disabledReason !== undefined && { disabled_reason: disabledReason }),
          ...(since !== undefined && { since }),
          changed_at: now,
          version: version + 1,
        })
        .where("id", "=", id)
        .where("version", "=", version);
    },

    async remove({ owner, id }: WebhookQuery): Promise<boolean> {
      let gone = db.deleteFrom("webhooks").where("id", "=", id);
      if (owner !== null) gone = gone.where("owner", "=", owner);
      if ((await gone.executeTakeFirstOrThrow()).numDeletedRows === 0n) return false;
      await batch([
        db.deleteFrom("webhook_positions").where("webhook_id", "=", id),
        db.deleteFrom("webhook_deliveries").where("webhook_id", "=", id),
      ]);
      return true;
    },
  };
}

/** The health of endpoints, and its consequences. */
function caring({ db }: Database<Tables>) {
  return {
    /** Deletes job addresses for which nothing was delivered since then. Returns the ids of some. */
    async forgetIdle(before: number, limit: number): Promise<string[]> {
      const idle = db
        .selectFrom("webhooks")
        .select("id")
        .where("kind", "=", "job")
        .where("changed_at", "<", before)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("webhook_deliveries")
                .select("webhook_deliveries.id")
                .whereRef("webhook_deliveries.webhook_id", "=", "webhooks.id"),
            ),
          ),
        );
      const gone = await db
        .deleteFrom("webhooks")
        .where("id", "in", idle.limit(limit))
        .where("changed_at", "<", before)
        .returning("id")
        .execute();
      return gone.map(({ id }) => id);
    },

    /** The statement that records its health. Only its deliverer does so. */
    faring(id: string, health: WebhookHealth) {
      return db
        .updateTable("webhooks")
        .set({ health: JSON.stringify(health) })
        .where("id", "=", id);
    },

    /** The statement that switches it off and records its health. */
    disabling(id: string, reason: DisabledReason, health: WebhookHealth, now: number) {
      return db
        .updateTable("webhooks")
        .set((row) => ({
          enabled: 0,
          disabled_reason: reason,
          health: JSON.stringify(health),
          changed_at: now,
          version: row("version", "+", 1),
        }))
        .where("id", "=", id)
        .where("enabled", "=", 1);
    },

    /** A condition for changes that require it to be enabled. */
    isOn(id: string) {
      const { exists } = expressionBuilder<Tables, never>();
      return exists(db.selectFrom("webhooks").select("id").where("id", "=", id).where("enabled", "=", 1));
    },

    /** Makes its deliverer reload it. */
    async touch(id: string, now: number): Promise<void> {
      await db.updateTable("webhooks").set({ changed_at: now }).where("id", "=", id).execute();
    },
  };
}

/** The shard of an endpoint: FNV-1a of its id. */
export function shardOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % WEBHOOK_SHARDS;
}

function rowOf(webhook: WebhookRecord): WebhookRow {
  const { id, owner, kind, shard, since, version } = webhook;
  return {
    ...{ id, owner, kind, shard, since, version },
    enabled: webhook.enabled ? 1 : 0,
    disabled_reason: webhook.disabledReason,
    spec: JSON.stringify(webhook.spec),
    secrets: JSON.stringify(webhook.secrets),
    health: JSON.stringify(webhook.health),
    resend: webhook.resend && JSON.stringify(webhook.resend),
    created_at: webhook.createdAt,
    changed_at: webhook.createdAt,
  };
}

function recordOf(row: WebhookRow): WebhookRecord {
  const { id, owner, kind, shard, since, version } = row;
  return {
    ...{ id, owner, kind, shard, since, version },
    spec: JSON.parse(row.spec),
    secrets: JSON.parse(row.secrets),
    enabled: row.enabled === 1,
    disabledReason: row.disabled_reason,
    health: JSON.parse(row.health),
    resend: row.resend === null ? null : JSON.parse(row.resend),
    createdAt: row.created_at,
  };
}
