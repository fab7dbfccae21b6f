import { MillraceError } from "../../errors.ts";

/** The catalog's error for anything that the client rejects with. */
export function toError(error: unknown, doing: string): MillraceError {
  if (error instanceof MillraceError) return error;
  if (isRefusedUser(error)) {
    return new MillraceError("unavailable", "Kafka rejects the user or password.", { cause: error });
  }
  const { message } = within(error).at(-1) ?? {};
  const text = `Kafka could not be reached while ${doing}${message ? `: ${message}` : "."}`;
  return new MillraceError("unavailable", text, { cause: error });
}

export function isRefusedUser(error: unknown): boolean {
  return has(error, "code", "PLT_KFK_AUTHENTICATION") || has(error, "apiId", "SASL_AUTHENTICATION_FAILED");
}

export function closedError(): MillraceError {
  return new MillraceError("closed", "The connection to Kafka is closed.");
}

export function lostError(id: string): MillraceError {
  return new MillraceError("lost_ownership", `The delivery ${id} now belongs to another consumer.`);
}

/** Whether Kafka answered with this error, anywhere in the error that the client made of it. */
export function isAnswer(error: unknown, ...apiIds: string[]): boolean {
  return apiIds.some((apiId) => has(error, "apiId", apiId));
}

/** The group has moved on without us, or is about to. */
export function isRebalance(error: unknown): boolean {
  return isAnswer(
    error,
    "REBALANCE_IN_PROGRESS",
    "ILLEGAL_GENERATION",
    "UNKNOWN_MEMBER_ID",
    "FENCED_INSTANCE_ID",
  );
}

/** The coordinator is starting or has moved: a retry soon will succeed. */
export function isCoordinatorMoving(error: unknown): boolean {
  return isAnswer(error, "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS", "NOT_COORDINATOR");
}

function has(error: unknown, property: string, value: unknown): boolean {
  return within(error).some((one) => (one as unknown as { [name: string]: unknown })[property] === value);
}

/** An error and its nested errors, causes last: the client wraps some several times. */
function within(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  const { errors = [], cause } = error as Error & { errors?: unknown[] };
  return [error, ...[...errors, cause].flatMap(within)];
}
