import { z } from "zod";
import type { EntryChange } from "../database/replica.ts";

/** The topic on which changes are announced after their commit. */
export const REPLICA_TOPIC = "replica";

/** Largest message that a signed bus takes. */
const MAX_MESSAGE_BYTES = 6_900;

/** Changes of one map, in version order. */
export interface ChangeMessage {
  map: string;
  epoch: string;
  /** Version of the first change. */
  first: number;
  /** `null`: one change that is too large for the bus; read it from the store. */
  changes: EntryChange[] | null;
}

const version = z.int().min(1);
const change = z.tuple([z.string(), z.string().nullable(), z.number().nullable()]);
const message = z.strictObject({
  m: z.string().min(1).max(100),
  e: z.string().min(1).max(64),
  v: version,
  c: z.array(change).min(1).nullable(),
});

/** Splits the changes into as many messages as their size requires. */
export function encode({ map, epoch, first, changes }: ChangeMessage & { changes: EntryChange[] }): string[] {
  const messages: string[] = [];
  let bodies: string[] = [];
  let from = first;
  const empty = JSON.stringify({ m: map, e: epoch, v: Number.MAX_SAFE_INTEGER, c: [] });
  let bytes = Buffer.byteLength(empty);
  const flush = () => {
    if (bodies.length === 0) return;
    messages.push(
      `{"m":${JSON.stringify(map)},"e":${JSON.stringify(epoch)},"v":${from},"c":[${bodies.join(",")}]}`,
    );
    from += bodies.length;
    bodies = [];
    bytes = Buffer.byteLength(empty);
  };
  for (const { key, value, expiresAt } of changes) {
    const body = JSON.stringify([key, value, expiresAt]);
    const size = Buffer.byteLength(body) + 1;
    if (bytes + size > MAX_MESSAGE_BYTES) flush();
    if (bytes + size > MAX_MESSAGE_BYTES) {
      messages.push(JSON.stringify({ m: map, e: epoch, v: from, c: null }));
      from++;
      continue;
    }
    bodies.push(body);
    bytes += size;
  }
  flush();
  return messages;
}

/** `null` for a malformed message. */
export function decode(text: string): ChangeMessage | null {
  try {
    const read = message.safeParse(JSON.parse(text));
    if (!read.success) return null;
    const { m, e, v, c } = read.data;
    const changes = c?.map(([key, value, expiresAt]) => ({ key, value, expiresAt }));
    return { map: m, epoch: e, first: v, changes: changes ?? null };
  } catch {
    return null;
  }
}
