import { uptime } from "node:os";

/** How much faster or slower than real time the clock runs while it follows a wall clock that was set. */
const CATCH_UP = 0.05;
const LOOK_MS = 1_000;
/** What `uptime` counts more than the monotonic clock, which stands still while the machine sleeps. */
const SLEPT_MS = 1_000;

/** Where a clock gets the time, in ms. */
export interface TimeSources {
  /** What the machine believes the time to be; anyone may set it. */
  wall(): number;
  /** Monotonic, and the same in all processes of the machine. */
  elapsed(): number;
  /** As `elapsed`, but it counts while the machine sleeps, and is less exact. */
  uptime(): number;
}

/** The monotonic clock, whose zero all processes of a machine share, unlike that of `performance.now()`. */
export function elapsedMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const machine: TimeSources = { wall: Date.now, elapsed: elapsedMs, uptime: () => uptime() * 1_000 };

/**
 * The store's clock. It begins with the machine's wall clock and then counts the time that passes, so that
 * setting the wall clock neither ends leases nor the time that results are kept. It follows the wall clock
 * slowly: no duration comes out more than 5 % wrong.
 */
export class StoreClock {
  readonly #sources: TimeSources;
  /** The store's time less the elapsed time. Any process of this machine can tell the store's time by it. */
  offset: number;
  #lookedAt: number;
  #awake: number;

  constructor(sources: TimeSources = machine) {
    this.#sources = sources;
    this.#lookedAt = sources.elapsed();
    this.#awake = sources.uptime() - this.#lookedAt;
    this.offset = sources.wall() - this.#lookedAt;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Math.floor(this.#sources.elapsed() + this.offset);
  }

  /** To be called often: takes over the time that the machine slept, and follows the wall clock. */
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
