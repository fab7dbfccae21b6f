import { finished, PassThrough, type Readable } from "node:stream";
import type { OnInvalidFile } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";

/** Bytes read after an invalid file, while the form has not yet said how to treat it. */
const UNDECIDED_BYTES = 32 * 1024 * 1024;

/**
 * Decides what an invalid file does to a form. The field `onInvalidFile` may come after the files, or not at all, so
 * the decision may have to wait until the form ends. Methods throw once the form is rejected.
 */
export class InvalidFiles {
  #decision: OnInvalidFile | null = null;
  #first: MillraceError | null = null;
  #bytes = 0;

  /** Whether the next invalid file rejects the form. */
  get isRejecting(): boolean {
    return this.#decision === "reject";
  }

  decide(decision: unknown): void {
    // Any other value is rejected with the rest of the fields.
    if (decision === "skip") this.#decision = decision;
    if (decision !== "reject") return;
    this.#decision = decision;
    if (this.#first) throw this.#first;
  }

  add(error: MillraceError): void {
    this.#first ??= error;
    if (this.isRejecting) throw error;
  }

  /**
   * Counts bytes read from any file.
   * @param most maximum total of all files in a valid form
   */
  came(bytes: number, most: number): void {
    if (this.#first === null) return;
    this.#bytes += bytes;
    if (this.#decision === null && this.#bytes > Math.min(UNDECIDED_BYTES, most)) throw this.#first;
    if (this.#bytes > most) {
      const text = `The files after an invalid one have more than ${most} bytes. Send them in another job.`;
      throw new MillraceError("request_too_large", text, { extra: { limit: most } });
    }
  }
}

/** Wraps a file for a reader that may abandon it. Destroying the wrapper leaves the rest of the file readable. */
export function lend(file: Readable): PassThrough {
  const reader = new PassThrough();
  // A truncated file may have ended before anyone listens.
  finished(file, (error) => {
    if (error) reader.destroy(error);
  });
  return file.pipe(reader);
}
