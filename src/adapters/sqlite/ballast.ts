import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const PIECE_BYTES = 1024 * 1024;
const PIECES = 16;
/** How often to check whether there is room for it again. */
const LOOK_MS = 1_000;

/**
 * A file that reserves disk space. When the disk is full it is removed, so that operations that free space can still be
 * written: even deleting a job writes.
 */
export class Ballast {
  readonly #path: string;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #spent = false;

  constructor(database: string) {
    this.#path = `${database}-ballast`;
  }

  /** It was used up, and the disk has not had room for it since: only what frees space should be written. */
  get isSpent(): boolean {
    return this.#spent;
  }

  /** Frees its space for what could not be written; false if there is none. */
  spend(): boolean {
    const isThere = existsSync(this.#path);
    rmSync(this.#path, { force: true });
    this.#spent = true;
    return isThere;
  }

  /** Reserves space again once twice as much is free. */
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
    // Not zeros, which a file system with compression or sparse files would not store.
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
