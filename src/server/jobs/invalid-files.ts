import { finished, PassThrough, type Readable } from "node:stream";
import type { OnInvalidFile } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";

/** Of what follows an invalid file, while the form has not said what to do with such a file. */
const UNDECIDED_BYTES = 32 * 1024 * 1024;

/**
 * What becomes of a form with an invalid file. That is known when the field `onInvalidFile` has come, which may
 * stand behind the files, or when the form has ended. Each method throws as soon as the form is refused.
 */
export class InvalidFiles {
  #decision: OnInvalidFile | null = null;
  #first: MillraceError | null = null;
  #bytes = 0;

  /** The next invalid file refuses the form. */
  get isRejecting(): boolean {
    return this.#decision === "reject";
  }

  decide(decision: unknown): void {
    // Any other value is refused with the rest of the fields.
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
   * Counts what came of any file.
   * @param most what all files of a valid form have at most
   */
  came(bytes: number, most: number): void {
    if (this.#first === null) return;
    this.#bytes += bytes;
    if (this.#decision === null && this.#bytes > Math.min(UNDECIDED_BYTES, most)) throw this.#first;
    if (this.#bytes > most) {
      const text = `The files that follow an invalid one have more than ${most} bytes; send them as another job.`;
      throw new MillraceError("request_too_large", text, { extra: { limit: most } });
    }
  }
}

/** The file for a reader that may give it up: that does not end the file itself, whose rest can still be read. */
export function lend(file: Readable): PassThrough {
  const reader = new PassThrough();
  // A file that was cut off may have ended before anyone listens.
  finished(file, (error) => {
    if (error) reader.destroy(error);
  });
  return file.pipe(reader);
}
