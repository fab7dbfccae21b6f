import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

/** Expired flows deleted with each new one. */
const FORGET = 100;

/** A user's identity at a provider: only both fields together identify it. */
export interface Subject {
  issuer: string;
  subject: string;
}

/** State of a sign-in while the user is at the provider. */
export interface SignInFlow {
  provider: string;
  /** PKCE code verifier. */
  verifier: string;
  nonce: string;
  /** Hash of the cookie of the browser that began. */
  browser: string;
  /** Token of an invite. */
  invite: string | null;
  /** The signed-in user who wants to add this way to sign in. */
  userId: string | null;
}

export type IdentityRecords = ReturnType<typeof identityRecords>;

/** Records of users' identities at providers, and of sign-ins in progress. */
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

    /** Links the identity to the user; false if it belongs to another user. */
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

    /** Stores a flow until `expiresAt`, and deletes some expired ones. */
    async begin(id: string, flow: SignInFlow, now: number, expiresAt: number): Promise<void> {
      const over = db.selectFrom("sign_in_flows").select("id").where("expires_at", "<=", now).limit(FORGET);
      await batch([
        db.deleteFrom("sign_in_flows").where("id", "in", over),
        db.insertInto("sign_in_flows").values({ id, body: JSON.stringify(flow), expires_at: expiresAt }),
      ]);
    },

    /** Returns and deletes a flow, so that only the first caller gets it. */
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
