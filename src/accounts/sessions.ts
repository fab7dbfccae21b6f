import type { SessionRecords } from "../database/sessions.ts";
import type { UserRecords } from "../database/users.ts";
import type { SessionRecord, UserRecord } from "../domain/accounts.ts";
import { newId } from "../domain/ids.ts";
import type { Signer } from "../domain/keys.ts";
import { MillraceError } from "../errors.ts";
import { ACCESS_SECONDS, type AccessTokens } from "./access-tokens.ts";
import type { AccountsLog } from "./log.ts";

/** A session ends when it is not refreshed for this long. */
const IDLE_MS = 30 * 24 * 3_600_000;
/** Maximum length of a session. */
const LONGEST_MS = 180 * 24 * 3_600_000;
/**
 * For this long, the previous refresh token is still valid and yields the same successor, because two tabs may refresh
 * at once, or a response may get lost.
 */
const LEEWAY_MS = 10_000;
const MOST_LISTED = 200;
const MOST_DEVICE_CHARACTERS = 300;

/** Where a request comes from, for the list of sessions. */
export interface Visitor {
  device: string;
  address: string;
}

/** Result of a login. */
export interface Granted {
  user: UserRecord;
  sessionId: string;
  accessToken: string;
  /** In seconds. */
  expiresIn: number;
  refreshToken: string;
  /** In seconds. */
  refreshExpiresIn: number;
}

export interface SessionParts {
  sessions: SessionRecords;
  users: UserRecords;
  tokens: AccessTokens;
  signer: Signer;
  log: AccountsLog;
  now(): number;
}

export type Sessions = ReturnType<typeof createSessions>;

/**
 * A login starts a session. A refresh token contains its session's id and a counter. The record has the next counter,
 * so a token with an earlier one is a stolen or stale copy, and ends the session for everyone.
 */
export function createSessions({ sessions, users, tokens, signer, log, now }: SessionParts) {
  const refreshToken = (id: string, counter: number) => {
    const text = `${id}.${counter}`;
    return `${text}.${signer.sign(text)}`;
  };

  const parse = (token: string): { id: string; counter: number } | null => {
    const found = /^([\w-]{1,64})\.(\d{1,9})\.([\w-]{1,64})$/.exec(token);
    if (!found || !signer.verify(`${found[1]}.${found[2]}`, found[3]!)) return null;
    return { id: found[1]!, counter: Number(found[2]) };
  };

  const grant = async (user: UserRecord, session: SessionRecord, counter: number): Promise<Granted> => ({
    user,
    sessionId: session.id,
    accessToken: await tokens.sign(user, session.id),
    expiresIn: ACCESS_SECONDS,
    refreshToken: refreshToken(session.id, counter),
    refreshExpiresIn: Math.floor((session.expiresAt - now()) / 1_000),
  });

  const over = () => new MillraceError("unauthorized", "The session has ended. Log in again.");

  return {
    async begin(user: UserRecord, { device, address }: Visitor): Promise<Granted> {
      const time = now();
      const session: SessionRecord = {
        id: newId(time),
        userId: user.id,
        counter: 1,
        device: device.slice(0, MOST_DEVICE_CHARACTERS),
        address,
        createdAt: time,
        rotatedAt: time,
        lastUsedAt: time,
        expiresAt: time + IDLE_MS,
        revokedAt: null,
      };
      await sessions.create(session, time);
      await users.change(user.id, { lastLoginAt: time });
      return grant(user, session, session.counter);
    },

    /** Issues the next pair of tokens. Rejects with `unauthorized` if the session has ended. */
    async refresh(token: string, address: string): Promise<Granted> {
      const given = parse(token);
      const time = now();
      let session = given && (await sessions.live(given.id, time));
      const user = session && (await users.byId(session.userId));
      if (!given || !session || user?.state !== "active") throw over();
      if (given.counter === session.counter) {
        const expiresAt = Math.min(time + IDLE_MS, session.createdAt + LONGEST_MS);
        if (await sessions.rotate(given, { now: time, expiresAt, address })) {
          return grant(user, { ...session, expiresAt }, given.counter + 1);
        }
        session = await sessions.live(given.id, time);
        if (!session) throw over();
      }
      if (given.counter === session.counter - 1 && time - session.rotatedAt <= LEEWAY_MS) {
        return grant(user, session, session.counter);
      }
      await sessions.revoke(session.id, null, time);
      log.warn(
        { sessionId: session.id, userId: user.id, address },
        "a refresh token was used twice, so its session was ended",
      );
      throw over();
    },

    /** Ends the session of a refresh token. Does nothing if the token is invalid. */
    async endByToken(token: string): Promise<void> {
      const given = parse(token);
      if (given) await sessions.revoke(given.id, null, now());
    },

    async end(userId: string, id: string): Promise<void> {
      if (await sessions.revoke(id, userId, now())) return;
      throw new MillraceError("not_found", "There is no such session.");
    },

    /** Logs out everywhere. The session `except` stays, but needs new tokens. */
    async endAll(userId: string, except: string | null = null): Promise<void> {
      await users.change(userId, {}, { endsTokens: true });
      await sessions.revokeAll(userId, now(), except);
    },

    /** Ends revoked sessions: by id, and all sessions of some users. Their tokens are already rejected. */
    endRevoked: (ids: readonly string[], userIds: readonly string[]) =>
      sessions.revokeThese({ ids, userIds }, now()),

    /** Issues new tokens for a session that continues after the others have ended. */
    async renew(userId: string, id: string): Promise<Granted> {
      const time = now();
      const [user, session] = await Promise.all([users.byId(userId), sessions.live(id, time)]);
      if (user?.state !== "active" || session?.userId !== userId) throw over();
      const { address, expiresAt } = session;
      if (!(await sessions.rotate(session, { now: time, expiresAt, address }))) throw over();
      return grant(user, session, session.counter + 1);
    },

    list: (userId: string) => sessions.ofUser(userId, now(), MOST_LISTED),
  };
}
