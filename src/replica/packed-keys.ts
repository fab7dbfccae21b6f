/** Expiries are stored in seconds; these values are reserved. */
const EMPTY = 0;
const REMOVED = 1;
const NEVER = 0xffff_ffff;

const WORDS = 4;
const SHARDS = 64;
const LEAST_SLOTS = 16;
/** Largest load factor of a shard. Beyond it, the shard is rebuilt. */
const MOST_FULL = 0.7;

/**
 * A set of expiring keys in 20 bytes per slot: a process that holds millions of revoked ids for minutes should not hold
 * millions of strings. A UUID is stored as it is. Any other key is stored as a 128-bit hash with a random seed per
 * process, so that nobody can prepare colliding keys.
 */
export interface PackedKeys {
  /** @param expiresAt ms since the epoch; `null`: never */
  add(key: string, expiresAt: number | null): void;
  remove(key: string): void;
  /** @param now ms since the epoch, by the clock of `expiresAt` */
  has(key: string, now: number): boolean;
  /** Keys that were not removed, including expired ones until `prune`. */
  size(): number;
  bytes(): number;
  /** Drops expired keys from one shard, each time the next, because a pass over all of them takes long. */
  prune(now: number): void;
  /** Adds the unexpired keys of another set. */
  merge(other: PackedKeys, now: number): void;
  /** For `merge`. */
  readonly shards: readonly Shard[];
}

interface Shard {
  words: Uint32Array;
  expiries: Uint32Array;
  /** Slots that are not empty, and those of them whose key was not removed. */
  used: number;
  live: number;
}

const seeds = crypto.getRandomValues(new Uint32Array(2));
/** The current key as four words. Shared, because nothing here is asynchronous. */
const w = new Uint32Array(WORDS);

export function packedKeys(): PackedKeys {
  const shards: Shard[] = Array.from({ length: SHARDS }, () => emptyShard(LEAST_SLOTS));
  let nextToPrune = 0;

  /** The slot of the current key, or the first empty slot if the key is absent. */
  const slotOf = ({ words, expiries }: Shard): number => {
    const mask = expiries.length - 1;
    let slot = spread() & mask;
    while (expiries[slot] !== EMPTY) {
      const at = slot * WORDS;
      if (words[at] === w[0] && words[at + 1] === w[1] && words[at + 2] === w[2] && words[at + 3] === w[3])
        return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  };

  const put = (shard: Shard, expiry: number) => {
    const slot = slotOf(shard);
    const before = shard.expiries[slot]!;
    if (before === EMPTY) {
      shard.words.set(w, slot * WORDS);
      shard.used++;
    }
    if (before === EMPTY || before === REMOVED) shard.live++;
    shard.expiries[slot] = expiry;
  };

  /** Rebuilds a shard with room for one more key, and without those removed or expired before `now`. */
  const rebuild = (index: number, now: number) => {
    const { words, expiries } = shards[index]!;
    let live = 1;
    for (const expiry of expiries) if (expiry > REMOVED && !isOver(expiry, now)) live++;
    let slots = LEAST_SLOTS;
    while (slots * MOST_FULL < live * 1.3) slots *= 2;
    const shard = emptyShard(slots);
    shards[index] = shard;
    for (const [slot, expiry] of expiries.entries()) {
      if (expiry <= REMOVED || isOver(expiry, now)) continue;
      w.set(words.subarray(slot * WORDS, slot * WORDS + WORDS));
      put(shard, expiry);
    }
  };

  const addRead = (expiry: number) => {
    const index = shardOf();
    const shard = shards[index]!;
    if (shard.used + 1 > shard.expiries.length * MOST_FULL) {
      const [a, b, c, d] = w;
      rebuild(index, 0);
      w.set([a!, b!, c!, d!]);
    }
    put(shards[index]!, expiry);
  };

  return {
    shards,
    add(key, expiresAt) {
      read(key);
      addRead(expiresAt === null ? NEVER : seconds(expiresAt));
    },
    remove(key) {
      read(key);
      const shard = shards[shardOf()]!;
      const slot = slotOf(shard);
      if (shard.expiries[slot]! <= REMOVED) return;
      shard.expiries[slot] = REMOVED;
      shard.live--;
    },
    has(key, now) {
      read(key);
      const shard = shards[shardOf()]!;
      const expiry = shard.expiries[slotOf(shard)]!;
      return expiry > REMOVED && !isOver(expiry, now);
    },
    size: () => shards.reduce((sum, shard) => sum + shard.live, 0),
    bytes: () => shards.reduce((sum, { words, expiries }) => sum + words.byteLength + expiries.byteLength, 0),
    prune(now) {
      rebuild(nextToPrune, now);
      nextToPrune = (nextToPrune + 1) % SHARDS;
    },
    merge(other, now) {
      for (const { words, expiries } of other.shards) {
        for (const [slot, expiry] of expiries.entries()) {
          if (expiry <= REMOVED || isOver(expiry, now)) continue;
          w.set(words.subarray(slot * WORDS, slot * WORDS + WORDS));
          const shard = shards[shardOf()]!;
          const known = shard.expiries[slotOf(shard)]!;
          addRead(Math.max(known, expiry));
        }
      }
    },
  };
}

function emptyShard(slots: number): Shard {
  return { words: new Uint32Array(slots * WORDS), expiries: new Uint32Array(slots), used: 0, live: 0 };
}

/** Rounds up, so that nothing expires too early. */
function seconds(ms: number): number {
  return Math.min(NEVER - 1, Math.max(REMOVED + 1, Math.ceil(ms / 1_000)));
}

function isOver(expiry: number, now: number): boolean {
  return expiry !== NEVER && expiry * 1_000 <= now;
}

/** Uses other bits than `spread`, so that the keys of a shard use all of its slots. */
function shardOf(): number {
  return (Math.imul(w[3]! ^ w[2]!, 0x9e37_79b1) >>> 26) & (SHARDS - 1);
}

function spread(): number {
  let h = Math.imul(w[1]! ^ w[3]!, 0x9e37_79b1) ^ Math.imul(w[2]!, 0x85eb_ca6b) ^ w[0]!;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

const DIGITS = new Int8Array(128).fill(-1);
for (const [value, digit] of [..."0123456789abcdef"].entries()) DIGITS[digit.charCodeAt(0)] = value;

const UUID_LENGTH = 36;
const DASH = 45;

function read(key: string): void {
  if (key.length !== UUID_LENGTH || !readUuid(key)) hash(key);
}

/** Only the canonical lowercase spelling: any other is a different key. */
function readUuid(key: string): boolean {
  if (key.charCodeAt(8) !== DASH || key.charCodeAt(13) !== DASH) return false;
  if (key.charCodeAt(18) !== DASH || key.charCodeAt(23) !== DASH) return false;
  const a = four(key, 0);
  const b = four(key, 4);
  const c = four(key, 9);
  const d = four(key, 14);
  const e = four(key, 19);
  const f = four(key, 24);
  const g = four(key, 28);
  const h = four(key, 32);
  w[0] = (a << 16) | b;
  w[1] = (c << 16) | d;
  w[2] = (e << 16) | f;
  w[3] = (g << 16) | h;
  // A non-digit makes the result negative.
  return (a | b | c | d | e | f | g | h) >= 0;
}

/** Four hex digits as a number; negative if one is invalid. */
function four(key: string, at: number): number {
  return (
    (digit(key.charCodeAt(at)) << 12) |
    (digit(key.charCodeAt(at + 1)) << 8) |
    (digit(key.charCodeAt(at + 2)) << 4) |
    digit(key.charCodeAt(at + 3))
  );
}

function digit(code: number): number {
  return code < 128 ? DIGITS[code]! : -1;
}

const C1 = 0x239b_961b;
const C2 = 0xab0e_9789;
const C3 = 0x38b3_4ae5;
const C4 = 0xa1e3_8b93;

/** MurmurHash3's 128-bit variant for 32-bit machines (Appleby, 2011), over UTF-16 units instead of bytes. */
function hash(key: string): void {
  let h1 = seeds[0]!;
  let h2 = seeds[1]!;
  let h3 = seeds[0]! ^ C1;
  let h4 = seeds[1]! ^ C2;
  const unit = (at: number) => key.charCodeAt(at) | 0;
  const word = (at: number) =>
    (at < key.length ? unit(at) : 0) | ((at + 1 < key.length ? unit(at + 1) : 0) << 16);
  for (let at = 0; at < key.length; at += 8) {
    h1 = Math.imul(rotate(h1 ^ Math.imul(rotate(Math.imul(word(at), C1), 15), C2), 19) + h2, 5) + 0x561c_cd1b;
    h2 =
      Math.imul(rotate(h2 ^ Math.imul(rotate(Math.imul(word(at + 2), C2), 16), C3), 17) + h3, 5) +
      0x0bca_a747;
    h3 =
      Math.imul(rotate(h3 ^ Math.imul(rotate(Math.imul(word(at + 4), C3), 17), C4), 15) + h4, 5) +
      0x96cd_1c35;
    h4 =
      Math.imul(rotate(h4 ^ Math.imul(rotate(Math.imul(word(at + 6), C4), 18), C1), 13) + h1, 5) +
      0x32ac_3b17;
  }
  for (let round = 0; round < 2; round++) {
    h1 = (h1 ^ key.length) + h2 + h3 + h4;
    h2 = mixed(h2 + h1);
    h3 = mixed(h3 + h1);
    h4 = mixed(h4 + h1);
    h1 = mixed(h1);
  }
  w[0] = h1 + h2;
  w[1] = h2;
  w[2] = h3;
  w[3] = h4;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function mixed(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}
