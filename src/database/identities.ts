import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

/** Expired flows that a new one forgets. */
const FORGET = 100;

/** Who somebody is elsewhere: only both together say so. */
export interface Subject {
  issuer: string;
  subject: string;
}

/** What is kept while somebody is at a provider. */
export interface SignInFlow {
  provider: string;
  /** Of PKCE. */
  verifier: string;
  nonce: string;
  /** Hash of what the browser that began has in a cookie. */
  browser: string;
  /** The token of an invite. */
  invite: string | null;
  /** The user who wants to sign in this way, too. */
  userId: string | null;
}

export type IdentityRecords = ReturnType<typeof identityRecords>;

/** The records of who users are elsewhere, and of those who are on their way. */
export function identityRecords({ db, batch }: Database<Tables>) {
  return {
    async userOf({ issuer, subject }: Subject): Promise<string | null> {
      const row = await db
        .selectFrom("identities")
        .select("user_id")
        .where("issuer", "=", issuer)
        .where("subject", "=", subject)
        .executeTakeFirst();
      return row?.user_id ?? null;
    },

    /** Whether it is this user's now: not, when it is another's. */
    async link({ issuer, subject }: Subject, userId: string, now: number): Promise<boolean> {
      await db
        .insertInto("identities")
        .values({ issuer, subject, user_id: userId, created_at: now })
        .onConflict((taken) => taken.doNothing())
        .execute();
      return (await this.userOf({ issuer, subject })) === userId;
    },

    async removeAll(userId: string): Promise<void> {
      await db.deleteFrom("identities").where("user_id", "=", userId).execute();
    },

    /** Keeps a flow until `expiresAt`. Forgets some that have expired. */
    async begin(id: string, flow: SignInFlow, now: number, expiresAt: number): Promise<void> {
      const over = db.selectFrom("sign_in_flows").select("id").where("expires_at", "<=", now).limit(FORGET);
      await batch([
        db.deleteFrom("sign_in_flows").where("id", "in", over),
        db.insertInto("sign_in_flows").values({ id, body: JSON.stringify(flow), expires_at: expiresAt }),
      ]);
    },

    /** Gives a flow to the first who asks for it. */
    async end(id: string, now: number): Promise<SignInFlow | null> {
      const row = await db
        .deleteFrom("sign_in_flows")
        .where("id", "=", id)
        .returning(["body", "expires_at"])
        .executeTakeFirst();
      return row && row.expires_at > now ? (JSON.parse(row.body) as SignInFlow) : null;
    },
  };
}
