import { expect } from "vitest";
import { MillraceError } from "../errors.ts";

/** Awaits a rejection and expects it to be one of the catalogue's, with one of `codes`. */
export async function refusal(promise: Promise<unknown>, ...codes: string[]): Promise<MillraceError> {
  const outcome = await promise.then(
    () => "resolved",
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(MillraceError);
  const error = outcome as MillraceError;
  expect(codes).toContain(error.code);
  return error;
}
