export interface Patience {
  readonly signal: AbortSignal;
  renew(): void;
  end(): void;
}

/** Aborts a call that stays silent for this long. */
export function patienceOf(ms: number): Patience {
  const stop = new AbortController();
  const over = () => stop.abort(new Error(`no data for ${Math.round(ms / 1_000)} s`));
  let timer = setTimeout(over, ms);
  return {
    signal: stop.signal,
    renew() {
      clearTimeout(timer);
      timer = setTimeout(over, ms);
    },
    end: () => clearTimeout(timer),
  };
}
