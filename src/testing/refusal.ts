import { expect } from "vitest";
import { MillraceError } from "../errors.ts";

/** Expects a promise to reject with an error of the catalog with one of `codes`, and returns it. */
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
