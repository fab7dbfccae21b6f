import type { Json } from "../domain/records.ts";

/** Objects that JSON does not round-trip, and values that it cannot represent. */
type NoJson =
  | bigint
  | symbol
  | ((...args: never[]) => unknown)
  | Date
  | RegExp
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | Promise<unknown>
  | ArrayBuffer
  | ArrayBufferView;

type InJson<T> = unknown extends T
  ? T
  : T extends Json
    ? T
    : T extends NoJson
      ? never
      : T extends object
        ? { [Key in keyof T]: InJson<T[Key]> }
        : T;

/**
 * What a step may return: JSON, or nothing. A `Date`, a `Map`, a `Buffer` and the like would not survive the round
 * trip, so the compiler rejects them; return `date.toISOString()` or `Object.fromEntries(map)` instead.
 */
export type JsonResult<T> =
  | null
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a step without a return statement returns `void`.
  | void
  | boolean
  | number
  | string
  | (object & { [Key in keyof T]: InJson<T[Key]> });
