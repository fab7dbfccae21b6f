/** A message between processes about a model, over the bus. Best effort, and short-lived. */
export interface AiNotice {
  model: string;
  /** `open`: its breaker is open. `rest`: the provider requested a pause. `spaced`: calls must book their starts. */
  kind: "open" | "rest" | "spaced";
  /** How long it applies from now, in ms. */
  ms: number;
}

export interface AiNotices {
  tell(notice: AiNotice): void;
  /** Also receives this process's own notices. */
  listen(hear: (notice: AiNotice) => void): Promise<() => Promise<void>>;
}
