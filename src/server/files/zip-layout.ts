import type { FileRef } from "../../domain/records.ts";

/**
 * A ZIP of stored (uncompressed) files. Every offset is known before any file is read, so we know the archive's length,
 * can send any range of it, and give readers sizes and checksums before the content.
 */

export interface ZipEntry {
  name: string;
  bytes: number;
  content: FileRef | Buffer;
}

/** A piece of the archive. It may need checksums, so it is built when it is sent. */
export interface ZipPiece {
  start: number;
  bytes: number;
  what: { kind: "header"; entry: ZipEntry } | { kind: "content"; entry: ZipEntry } | { kind: "directory" };
}

export interface ZipLayout {
  pieces: ZipPiece[];
  /** Size of the whole archive. */
  bytes: number;
  header(entry: ZipEntry, crc: number): Buffer;
  /** @param crcs of all entries, in order */
  directory(crcs: readonly number[]): Buffer;
}

const MAX_32 = 0xffffffff;
const MAX_16 = 0xffff;
/** Marks names as UTF-8. */
const FLAGS = 0x0800;
const VERSION = 20;
const VERSION_64 = 45;
/** Host system Unix, so that readers apply the mode. Without it, `unzip` decodes names with an old code page. */
const UNIX = 3 << 8;
const MODE = (0o100644 << 16) >>> 0;

export function layOut(entries: readonly ZipEntry[], date: Date): ZipLayout {
  const pieces: ZipPiece[] = [];
  const offsets = new Map<ZipEntry, number>();
  let at = 0;
  const add = (bytes: number, what: ZipPiece["what"]) => {
    pieces.push({ start: at, bytes, what });
    at += bytes;
  };
  const stamp = dosTime(date);
  const header = (entry: ZipEntry, crc: number) => localHeader(entry, crc, stamp);
  for (const entry of entries) {
    offsets.set(entry, at);
    add(header(entry, 0).length, { kind: "header", entry });
    add(entry.bytes, { kind: "content", entry });
  }
  const start = at;
  const directory = (crcs: readonly number[]) => {
    const records = entries.map((entry, n) => centralHeader(entry, crcs[n] ?? 0, stamp, offsets.get(entry)!));
    const bytes = records.reduce((sum, record) => sum + record.length, 0);
    return Buffer.concat([...records, endOf(entries.length, bytes, start)]);
  };
  add(directory([]).length, { kind: "directory" });
  return { pieces, bytes: at, header, directory };
}

function localHeader({ name, bytes }: ZipEntry, crc: number, stamp: number): Buffer {
  const text = Buffer.from(name);
  const extra = bytes >= MAX_32 ? extra64([bytes, bytes]) : Buffer.alloc(0);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  writeCommon(head, 4, { bytes, crc, stamp, name: text.length, extra: extra.length });
  return Buffer.concat([head, text, extra]);
}

function centralHeader({ name, bytes }: ZipEntry, crc: number, stamp: number, offset: number): Buffer {
  const text = Buffer.from(name);
  const large = [...(bytes >= MAX_32 ? [bytes, bytes] : []), ...(offset >= MAX_32 ? [offset] : [])];
  const extra = large.length > 0 ? extra64(large) : Buffer.alloc(0);
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(UNIX | VERSION_64, 4);
  writeCommon(head, 6, { bytes, crc, stamp, name: text.length, extra: extra.length });
  head.writeUInt32LE(MODE, 38);
  head.writeUInt32LE(Math.min(offset, MAX_32), 42);
  return Buffer.concat([head, text, extra]);
}

/** Writes the fields that local and central headers share. */
function writeCommon(
  head: Buffer,
  at: number,
  { bytes, crc, stamp, name, extra }: Record<"bytes" | "crc" | "stamp" | "name" | "extra", number>,
): void {
  head.writeUInt16LE(extra > 0 ? VERSION_64 : VERSION, at);
  head.writeUInt16LE(FLAGS, at + 2);
  head.writeUInt32LE(stamp, at + 6);
  head.writeUInt32LE(crc, at + 10);
  head.writeUInt32LE(Math.min(bytes, MAX_32), at + 14);
  head.writeUInt32LE(Math.min(bytes, MAX_32), at + 18);
  head.writeUInt16LE(name, at + 22);
  head.writeUInt16LE(extra, at + 24);
}

/** The ZIP64 extra field, for values that do not fit in 32 bits. */
function extra64(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(values.length * 8, 2);
  for (const [n, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + n * 8);
  return extra;
}

/** The end of the archive, preceded by the ZIP64 records if needed. */
function endOf(count: number, bytes: number, start: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, MAX_16), 8);
  end.writeUInt16LE(Math.min(count, MAX_16), 10);
  end.writeUInt32LE(Math.min(bytes, MAX_32), 12);
  end.writeUInt32LE(Math.min(start, MAX_32), 16);
  if (count < MAX_16 && bytes < MAX_32 && start < MAX_32) return end;
  const large = Buffer.alloc(56 + 20);
  large.writeUInt32LE(0x06064b50, 0);
  large.writeBigUInt64LE(44n, 4);
  large.writeUInt16LE(UNIX | VERSION_64, 12);
  large.writeUInt16LE(VERSION_64, 14);
  large.writeBigUInt64LE(BigInt(count), 24);
  large.writeBigUInt64LE(BigInt(count), 32);
  large.writeBigUInt64LE(BigInt(bytes), 40);
  large.writeBigUInt64LE(BigInt(start), 48);
  large.writeUInt32LE(0x07064b50, 56);
  large.writeBigUInt64LE(BigInt(start + bytes), 64);
  large.writeUInt32LE(1, 72);
  return Buffer.concat([large, end]);
}

/** DOS time in the lower half, DOS date in the upper: UTC, from 1980 on, in steps of two seconds. */
function dosTime(date: Date): number {
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  const year = Math.max(0, date.getUTCFullYear() - 1980);
  const day = (year << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  return ((day << 16) | time) >>> 0;
}
