import { Readable } from "node:stream";

/**
 * Reads the first bytes of a source (more if its chunks are larger; fewer if it is shorter). `whole` yields everything,
 * including `head`. Destroying it destroys the source, and it emits the source's errors.
 */
export async function peekHead(source: Readable, bytes: number): Promise<{ head: Buffer; whole: Readable }> {
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
  const read: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const next = await pieces.next();
    if (next.done) break;
    const piece = typeof next.value === "string" ? Buffer.from(next.value) : next.value;
    read.push(piece);
    length += piece.length;
  }
  const head = Buffer.concat(read);

  let unread: Buffer | null = head.length > 0 ? head : null;
  // Not `Readable.from` a generator: destroying that waits for the source's next chunk.
  const whole = new Readable({
    read() {
      if (unread) {
        this.push(unread);
        unread = null;
        return;
      }
      pieces.next().then(
        (next) => this.push(next.done ? null : next.value),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      source.destroy();
      done(error);
    },
  });
  return { head, whole };
}
