/** Simulated time in ms, with future actions in order. */
export class Timeline {
  now = 0;
  readonly #heap: { at: number; run: () => void }[] = [];

  after(ms: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { at: this.now + ms, run };
    let n = heap.push(entry) - 1;
    for (let parent = (n - 1) >> 1; n > 0 && heap[parent]!.at > entry.at; parent = (n - 1) >> 1) {
      heap[n] = heap[parent]!;
      n = parent;
    }
    heap[n] = entry;
  }

  run(until: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= until) {
      const { at, run } = this.#pop();
      this.now = at;
      run();
    }
    this.now = until;
  }

  #pop(): { at: number; run: () => void } {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let n = 0;
    for (;;) {
      let child = 2 * n + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[n] = heap[child]!;
      n = child;
    }
    heap[n] = last;
    return first;
  }
}

/** Some cores with one queue, first come, first served. */
export class Cores {
  /** Work done, in ms. */
  worked = 0;
  readonly #time: Timeline;
  readonly #speed: number;
  #free: number;
  #waiting: { ms: number; done: () => void }[] = [];
  #head = 0;

  /** @param speed of each core; less than 1 if others use them too */
  constructor(time: Timeline, count: number, speed = 1) {
    this.#time = time;
    this.#free = count;
    this.#speed = speed;
  }

  ask(ms: number, done: () => void): void {
    if (this.#free > 0) this.#serve(ms, done);
    else this.#waiting.push({ ms, done });
  }

  #serve(ms: number, done: () => void): void {
    this.#free--;
    this.#time.after(ms / this.#speed, () => {
      this.worked += ms;
      this.#free++;
      const next = this.#waiting[this.#head];
      if (next) {
        if (++this.#head > 10_000) {
          this.#waiting = this.#waiting.slice(this.#head);
          this.#head = 0;
        }
        this.#serve(next.ms, next.done);
      }
      done();
    });
  }
}

/** Uniform numbers from 0 to 1, reproducible by seed (mulberry32, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
