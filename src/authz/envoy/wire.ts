/*
 * The subset of the Protocol Buffers wire format that `envoy.service.auth.v3` needs: length-delimited fields, and the
 * few that we read or write. Other fields are skipped. Tests compare it with the official definitions.
 */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Calls back for each length-delimited field of a message: text, bytes or another message. */
export function readFields(message: Uint8Array, onField: (field: number, value: Uint8Array) => void): void {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++];
      if (byte === undefined || shift > 2 ** 63) throw new RangeError("The message is cut off.");
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag & 7;
    if (type === VARINT) varint();
    else if (type === FIXED64) at += 8;
    else if (type === FIXED32) at += 4;
    else if (type === BYTES) {
      const length = varint();
      if (at + length > message.length) throw new RangeError("The message is cut off.");
      onField(Math.floor(tag / 8), message.subarray(at, at + length));
      at += length;
    } else throw new RangeError(`The message has a field of type ${type}.`);
  }
}

/** The value of a field that may occur once. The last occurrence wins. */
export function fieldOf(message: Uint8Array, wanted: number): Uint8Array | null {
  let found: Uint8Array | null = null;
  readFields(message, (field, value) => {
    if (field === wanted) found = value;
  });
  return found;
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** Encodes a text or message field. */
export function field(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([varintOf(number * 8 + BYTES), varintOf(bytes.length), bytes]);
}

/** Encodes an enum or a non-negative `int32` field. */
export function numberField(number: number, value: number): Buffer {
  return Buffer.concat([varintOf(number * 8 + VARINT), varintOf(value)]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
