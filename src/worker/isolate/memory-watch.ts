import { memoryUse, programsResident } from "./memory-use.ts";

/** Every this many samples, its descendants are counted too. */
const PROGRAMS_EVERY = 4;
/** A child that died while using this fraction of its limit died of it. */
const FULL = 0.9;

/** The memory use of a step process, against its limit. */
export class MemoryWatch {
  readonly #pid: number | undefined;
  readonly #ceiling: number;
  #resident = 0;
  #programs = 0;
  #looks = 0;
  /** The most in use or allocated since the attempt began. */
  #peak = 0;
  /** Mapped by the runtime but not touched. */
  #reserved = 0;

  constructor(pid: number | undefined, ceiling: number) {
    this.#pid = pid;
    this.#ceiling = ceiling;
  }

  /** Call it when the runtime is up and no step has run. @returns bytes mapped but not touched */
  ready(): number {
    const use = this.#pid ? memoryUse(this.#pid) : null;
    this.#reserved = use ? use.mapped - use.resident : 0;
    return this.#reserved;
  }

  /** Call it when an attempt begins. */
  begin(): void {
    this.#peak = 0;
  }

  /** Call it when an attempt has ended. */
  end(): void {
    this.#looks = 0;
  }

  look(isAlive: boolean): void {
    const use = isAlive && this.#pid ? memoryUse(this.#pid) : null;
    if (use && this.#looks++ % PROGRAMS_EVERY === 0) this.#programs = programsResident(this.#pid!);
    if (use) this.#resident = use.resident + this.#programs;
    this.#peak = Math.max(this.#peak, this.#resident, use ? use.mapped - this.#reserved : 0);
  }

  /** Takes over the figure that the process itself reports. */
  told(bytes: number): void {
    this.#resident = bytes;
  }

  /** Whether it exceeds its limit. */
  get isOver(): boolean {
    return this.#resident > this.#ceiling;
  }

  /** Whether a process that died just now died of its memory use. */
  get wasFull(): boolean {
    return this.#peak > this.#ceiling * FULL;
  }

  /** Whether it has not grown much. */
  get isSmall(): boolean {
    return this.#resident < this.#ceiling / 2;
  }
}
