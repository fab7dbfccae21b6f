import type { Json } from "../domain/records.ts";

/** Objects whose JSON is not what they hold, and values that have none. */
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
 * What a step may return: JSON, or nothing. A `Date`, a `Map`, a `Buffer` and the like would come back as something
 * else, so the compiler refuses them; return `date.toISOString()` or `Object.fromEntries(map)` instead.
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
