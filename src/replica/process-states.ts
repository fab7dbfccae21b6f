import { hostname } from "node:os";
import { z } from "zod";
import { newId } from "../domain/ids.ts";
import type { Bus } from "../ports/bus.ts";
import type { MapState, Replica } from "./replica.ts";

const TOPIC = "replica-states";
/** Most processes and maps reported; the rest is omitted. */
const MOST_PROCESSES = 1_000;
const MOST_MAPS = 40;
/** Largest message that a bus takes. */
const MOST_CHARACTERS = 7_000;

/** How far one process has come with each map. */
export interface ProcessState {
  process: string;
  host: string;
  pid: number;
  maps: Omit<MapState, "reads">[];
}

/** Asks all processes how far they have come. */
export interface ProcessStates {
  /** Resolves as soon as `of` processes have answered, or after `ms` with those that have. */
  ask(of: number, ms: number): Promise<ProcessState[]>;
  close(): Promise<void>;
}

const state = z.strictObject({
  process: z.string().max(64),
  host: z.string().max(300),
  pid: z.int(),
  maps: z
    .array(
      z.strictObject({
        name: z.string().max(100),
        version: z.int(),
        entries: z.int(),
        ageMs: z.number().nullable(),
      }),
    )
    .max(MOST_MAPS),
});
const message = z.union([
  z.strictObject({ ask: z.string().max(64) }),
  z.strictObject({ answer: z.string().max(64), state }),
]);

export async function processStates(
  { bus, replica, onMalformed }: { bus: Bus; replica: Pick<Replica, "states">; onMalformed?(): void },
  self: string,
): Promise<ProcessStates> {
  const questions = new Map<string, (state: ProcessState) => void>();
  const own = (): ProcessState => ({
    process: self,
    host: hostname(),
    pid: process.pid,
    maps: replica
      .states()
      .slice(0, MOST_MAPS)
      .map(({ name, version, entries, ageMs }) => ({ name, version, entries, ageMs })),
  });

  const subscription = await bus.subscribe(TOPIC, (text) => {
    const read = parsed(text);
    if (!read) onMalformed?.();
    else if ("answer" in read) questions.get(read.answer)?.(read.state);
    else bus.publish(TOPIC, JSON.stringify({ answer: read.ask, state: own() })).catch(() => {});
  });

  return {
    async ask(of, ms) {
      const answers = new Map([[self, own()]]);
      const all = Promise.withResolvers<void>();
      const ask = newId();
      const late = setTimeout(all.resolve, ms);
      questions.set(ask, (told) => {
        if (answers.size < MOST_PROCESSES) answers.set(told.process, told);
        if (answers.size >= of) all.resolve();
      });
      if (of <= 1) all.resolve();
      try {
        bus.publish(TOPIC, JSON.stringify({ ask })).catch(() => {});
        await all.promise;
        return [...answers.values()];
      } finally {
        clearTimeout(late);
        questions.delete(ask);
      }
    },
    close: () => subscription.close(),
  };
}

function parsed(text: string): z.output<typeof message> | null {
  if (text.length > MOST_CHARACTERS) return null;
  try {
    return message.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
