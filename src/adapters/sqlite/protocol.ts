/**
 * Between the writer and the processes that use it: JSON text frames, one a line, over a Unix-domain
 * socket. A frame carries everything its sender had to say in one turn of its event loop.
 */

/** To the writer. */
export type Call = [id: number, method: string, argument: unknown];

/** From the writer. */
export type Reply =
  | [kind: "ok", id: number, value: unknown]
  | [kind: "error", id: number, error: WireError]
  | [kind: "push", channel: string, messages: unknown[]];

export interface WireError {
  code: string;
  message: string;
  retryable: boolean;
}

/** Where the writer of a database notes its socket while it lives. */
export function socketFile(path: string): string {
  return `${path}.socket`;
}

const NEWLINE = 10;

export function encode(frame: unknown): string {
  return `${JSON.stringify(frame)}\n`;
}

/** Splits a byte stream into frames. */
export function frames(onFrame: (frame: never) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = [];
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = chunk.subarray(start, end);
      onFrame(JSON.parse((rest.length > 0 ? Buffer.concat([...rest, line]) : line).toString()) as never);
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  };
}
