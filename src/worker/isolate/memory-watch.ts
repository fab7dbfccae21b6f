import { memoryUse, programsResident } from "./memory-use.ts";

/** Every so many looks, the programs that it started are counted, too. */
const PROGRAMS_EVERY = 4;
/** A child that died with so much of its ceiling in use died of it. */
const FULL = 0.9;

/** What a step process has in memory, against its ceiling. */
export class MemoryWatch {
  readonly #pid: number | undefined;
  readonly #ceiling: number;
  #resident = 0;
  #programs = 0;
  #looks = 0;
  /** Most that was in use or allocated since the attempt began. */
  #peak = 0;
  /** Mapped by the runtime and not touched. */
  #reserved = 0;

  constructor(pid: number | undefined, ceiling: number) {
    this.#pid = pid;
    this.#ceiling = ceiling;
  }

  /** The runtime is up, and no step has run. @returns what it has mapped and not touched */
  ready(): number {
    const use = this.#pid ? memoryUse(this.#pid) : null;
    this.#reserved = use ? use.mapped - use.resident : 0;
    return this.#reserved;
  }

  /** An attempt begins. */
  begin(): void {
    this.#peak = 0;
  }

  /** An attempt has ended. */
  end(): void {
    this.#looks = 0;
  }

  look(isAlive: boolean): void {
    const use = isAlive && this.#pid ? memoryUse(this.#pid) : null;
    if (use && this.#looks++ % PROGRAMS_EVERY === 0) this.#programs = programsResident(this.#pid!);
    if (use) this.#resident = use.resident + this.#programs;
    this.#peak = Math.max(this.#peak, this.#resident, use ? use.mapped - this.#reserved : 0);
  }

  /** What the process says of itself. */
  told(bytes: number): void {
    this.#resident = bytes;
  }

  /** It has more than it may have. */
  get isOver(): boolean {
    return this.#resident > this.#ceiling;
  }

  /** What died now died of its memory. */
  get wasFull(): boolean {
    return this.#peak > this.#ceiling * FULL;
  }

  /** It has not grown much. */
  get isSmall(): boolean {
    return this.#resident < this.#ceiling / 2;
  }
}
