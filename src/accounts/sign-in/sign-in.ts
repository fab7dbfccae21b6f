import { randomBytes } from "node:crypto";
import type { IdentityRecords } from "../../database/identities.ts";
import type { UserRecord } from "../../domain/accounts.ts";
import { MillraceError } from "../../errors.ts";
import { hashOf } from "../links.ts";
import type { Users } from "../users.ts";
import { connect } from "./connect.ts";
import { type Profile, type ProviderSettings, providerOf } from "./providers.ts";

/** Time to sign in at the provider. */
const FLOW_MS = 10 * 60_000;

export interface Departure {
  /** URL to redirect the browser to. */
  url: string;
  /** State that the browser must return with, so that nobody can be tricked into finishing someone else's sign-in. */
  browser: string;
}

export interface SignInParts {
  providers: readonly ProviderSettings[];
  records: IdentityRecords;
  users: Users;
  now(): number;
}

export type SignIn = ReturnType<typeof createSignIn>;

/** Sign-in with external providers. */
export function createSignIn({ providers, records, users, now }: SignInParts) {
  const known = new Map(
    providers.map(providerOf).map((provider) => [provider.id, { provider, connection: connect(provider) }]),
  );

  const find = (id: string) => {
    const found = known.get(id);
    if (found) return found;
    throw new MillraceError("not_found", "There is no such sign-in provider.");
  };

  /** Finds or creates the user of a profile. */
  async function userOf(
    profile: Profile,
    flow: { invite: string | null; userId: string | null },
  ): Promise<UserRecord> {
    const linked = await records.userOf(profile);
    if (flow.userId !== null) {
      if ((linked ?? flow.userId) !== flow.userId || !(await records.link(profile, flow.userId, now()))) {
        throw new MillraceError("already_exists", "Another account already uses this sign-in.");
      }
      return users.get(flow.userId);
    }
    if (linked !== null) return users.get(linked);
    const user = await users.bySignIn(profile, flow.invite);
    if (await records.link(profile, user.id, now())) return user;
    return users.get((await records.userOf(profile))!);
  }

  return {
    list: () => [...known.values()].map(({ provider: { id, title } }) => ({ id, title })),

    async begin(
      id: string,
      { redirectUri, invite, userId }: { redirectUri: string; invite: string | null; userId: string | null },
    ): Promise<Departure> {
      const { connection } = find(id);
      const [state, nonce, verifier, browser] = [random(), random(), random(), random()];
      const url = await connection.address({ state, nonce, verifier }, redirectUri);
      const flow = { provider: id, verifier, nonce, browser: hashOf(browser), invite, userId };
      await records.begin(hashOf(state), flow, now(), now() + FLOW_MS);
      return { url: url.href, browser };
    },

    /** Resolves the user, given the URL that the provider redirected to. Rejects with `unauthorized`. */
    async finish(id: string, answer: URL, browser: string | null): Promise<UserRecord> {
      const { connection } = find(id);
      const state = answer.searchParams.get("state") ?? "";
      const flow = await records.end(hashOf(state), now());
      if (flow?.provider !== id || browser === null || flow.browser !== hashOf(browser)) {
        throw new MillraceError(
          "unauthorized",
          "This sign-in did not start here, or it took too long. Try again.",
        );
      }
      const { nonce, verifier } = flow;
      const profile = await connection.profile(answer, { state, nonce, verifier });
      const user = await userOf(profile, flow);
      if (user.state !== "active") throw new MillraceError("unauthorized", "This account is disabled.");
      return users.withRole(user, profile.isAdmin);
    },

    removeAll: (userId: string) => records.removeAll(userId),
  };
}

function random(): string {
  return randomBytes(32).toString("base64url");
}
