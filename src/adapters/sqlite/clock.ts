import { uptime } from "node:os";

/** How much faster or slower than real time the clock runs while it follows a wall clock that was set. */
const CATCH_UP = 0.05;
const LOOK_MS = 1_000;
/** If `uptime` advances this much more than the monotonic clock, the machine was asleep. */
const SLEPT_MS = 1_000;
/** If the wall clock is further behind the store's last time than this, that time was wrong. */
const BEHIND_MS = 24 * 3_600_000;

/** Sources of time, in ms. */
export interface TimeSources {
  /** The machine's wall clock, which anyone may set. */
  wall(): number;
  /** Monotonic, and the same in all processes of the machine. */
  elapsed(): number;
  /** Like `elapsed`, but includes sleep, and is less precise. */
  uptime(): number;
}

/** The monotonic clock. All processes of a machine share its zero, unlike that of `performance.now()`. */
export function elapsedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const machine: TimeSources = { wall: Date.now, elapsed: elapsedMs, uptime: () => uptime() * 1_000 };

/**
 * The store's clock. It starts from the machine's wall clock and then counts elapsed time, so that setting the wall
 * clock ends neither leases nor retention. It follows the wall clock slowly: no duration is off by more than 5 %. If the
 * wall clock was set back before a restart, it continues from the store's last time, or retries would wait for that long.
 */
export class StoreClock {
  readonly #sources: TimeSources;
  /** The store's time minus the elapsed time. With it, any process of this machine can compute the store's time. */
  offset: number;
  #lookedAt: number;
  #awake: number;

  /** @param last the time when the store was last written, 0 if never */
  constructor(last: number = 0, sources: TimeSources = machine) {
    this.#sources = sources;
    this.#lookedAt = sources.elapsed();
    this.#awake = sources.uptime() - this.#lookedAt;
    const wall = sources.wall();
    this.offset = (last - wall < BEHIND_MS ? Math.max(wall, last) : wall) - this.#lookedAt;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Math.floor(this.#sources.elapsed() + this.offset);
  }

  /** Call it often: it adds time that the machine slept, and follows the wall clock. */
  catchUp(): void {
    const elapsed = this.#sources.elapsed();
    const passed = elapsed - this.#lookedAt;
    if (passed < LOOK_MS) return;
    this.#lookedAt = elapsed;
    const slept = this.#sources.uptime() - elapsed - this.#awake;
    if (slept > SLEPT_MS) {
      this.#awake += slept;
      this.offset += slept;
    }
    const wrong = this.#sources.wall() - elapsed - this.offset;
    const most = CATCH_UP * passed;
    this.offset += Math.min(most, Math.max(-most, wrong));
  }
}
