import { z } from "zod";
import { newId } from "../domain/ids.ts";
import type { Bus } from "../ports/bus.ts";
import type { Written } from "./own-writes.ts";
import type { Replica } from "./replica.ts";

const TOPIC = "replica-applied";
/** How long a process tries to answer. */
const ANSWER_MS = 1_000;

/** How many processes have applied a write, such as a revocation. */
export interface Applied {
  processes: number;
  /** Number of running processes. */
  of: number;
}

/** Asks all processes whether they have applied a write. */
export interface Acknowledgments {
  /**
   * Resolves as soon as all have applied it, or after `ms` with those that have. Processes that the bus does not reach
   * are not counted.
   */
  applied(written: Written, ms: number): Promise<Applied>;
  close(): Promise<void>;
}

const message = z.union([
  z.strictObject({
    ask: z.string().max(64),
    versions: z.array(z.tuple([z.string().max(100), z.int()])).max(20),
  }),
  z.strictObject({ answer: z.string().max(64), process: z.string().max(64) }),
]);

/** @param running ids of the running processes, including this one */
export async function acknowledgments(
  { bus, replica, onMalformed }: { bus: Bus; replica: Pick<Replica, "waitFor">; onMalformed?(): void },
  self: string,
  running: () => ReadonlySet<string>,
): Promise<Acknowledgments> {
  const questions = new Map<string, (process: string) => void>();

  async function answer(ask: string, versions: readonly (readonly [string, number])[]): Promise<void> {
    const arrived = await Promise.all(
      versions.map(([map, version]) => replica.waitFor(map, version, ANSWER_MS)),
    );
    if (arrived.every(Boolean)) await bus.publish(TOPIC, JSON.stringify({ answer: ask, process: self }));
  }

  const subscription = await bus.subscribe(TOPIC, (text) => {
    const read = parsed(text);
    if (!read) onMalformed?.();
    else if ("answer" in read) questions.get(read.answer)?.(read.process);
    else answer(read.ask, read.versions).catch(() => {});
  });

  return {
    async applied({ versions }, ms) {
      const of = new Set([...running(), self]);
      const have = new Set<string>();
      const all = Promise.withResolvers<void>();
      const take = (process: string) => {
        if (of.has(process)) have.add(process);
        if (have.size === of.size) all.resolve();
      };
      const ask = newId();
      questions.set(ask, take);
      const late = setTimeout(all.resolve, ms);
      try {
        // Its own answer needs no bus.
        void Promise.all([...versions].map(([map, version]) => replica.waitFor(map, version, ms))).then(
          (arrived) => arrived.every(Boolean) && take(self),
        );
        bus.publish(TOPIC, JSON.stringify({ ask, versions: [...versions] })).catch(() => {});
        await all.promise;
        return { processes: have.size, of: of.size };
      } finally {
        clearTimeout(late);
        questions.delete(ask);
      }
    },
    close: () => subscription.close(),
  };
}

function parsed(text: string): z.output<typeof message> | null {
  try {
    return message.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
