import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const PIECE_BYTES = 1024 * 1024;
const PIECES = 16;
/** How often it is looked whether there is room for it again. */
const LOOK_MS = 1_000;

/**
 * A file that takes room on the disk until the disk is full: then it is removed, and what frees space has room
 * to be written. Deleting a job writes, too.
 */
export class Ballast {
  readonly #path: string;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #spent = false;

  constructor(database: string) {
    this.#path = `${database}-ballast`;
  }

  /** It was needed, and the disk has had no room for it since: nothing but what frees space should be written. */
  get isSpent(): boolean {
    return this.#spent;
  }

  /** Gives its room up, for what could not be written; false where it has none. */
  spend(): boolean {
    const isThere = existsSync(this.#path);
    rmSync(this.#path, { force: true });
    this.#spent = true;
    return isThere;
  }

  /** Takes room again when there is twice as much as it needs. */
  restore(): void {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    try {
      if (!existsSync(this.#path) && !this.#write()) return;
      this.#spent = false;
    } catch {
      rmSync(this.#path, { force: true });
    }
  }

  #write(): boolean {
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    if (bavail * bsize < 2 * PIECES * PIECE_BYTES) return false;
    // Not zeros: a file system that compresses or leaves holes would take no room for them.
    const piece = randomBytes(PIECE_BYTES);
    const file = openSync(this.#path, "wx", 0o600);
    try {
      for (let n = 0; n < PIECES; n++) if (writeSync(file, piece) < piece.length) return this.#giveUp();
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return true;
  }

  #giveUp(): false {
    rmSync(this.#path, { force: true });
    return false;
  }
}
