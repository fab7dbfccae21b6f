/** The system under load. Generators know nothing else about it. */
export interface Target {
  /**
   * Sends one request. Rejects if there is no response, for example because the connection was refused or lost, or the
   * signal was aborted.
   */
  send(request: { id: string; scenario: string | null; signal: AbortSignal }): Promise<Answer>;
  /**
   * Polls an accepted request. May wait for its end before it responds. Without this, a request succeeds as soon as it
   * is accepted.
   */
  look?: ((job: string, signal: AbortSignal) => Promise<Answer>) | undefined;
}

export type Answer =
  /** It will be done later. Pass `job` to `look`. */
  | { kind: "accepted"; status: number; job: string }
  /** It was accepted earlier and is not done yet. */
  | { kind: "pending"; status: number }
  | {
      kind: "done";
      status: number;
      /** Whether the result is the expected one for this input. */
      right: boolean;
      /** When a worker started and ended, in milliseconds since 1970. `null` if the service does not say. */
      startedAt: number | null;
      endedAt: number | null;
      detail?: string | undefined;
    }
  /** `refused`: not now. `failed`: it was attempted. `gone`: it was accepted, but is no longer known. */
  | { kind: "refused" | "failed" | "gone"; status: number; detail: string };

/** Meaning of a response without a result, based on its status. */
export function unsuccessful(status: number, detail: string): Answer {
  if (status === 404 || status === 410) return { kind: "gone", status, detail };
  const refused = status === 429 || status === 503 || status === 507;
  return { kind: refused ? "refused" : "failed", status, detail };
}
