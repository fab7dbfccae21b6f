import type { Redis } from "ioredis";
import { MillraceError } from "../../errors.ts";
import { gather } from "../gather.ts";
import { unavailable } from "./connection.ts";
import { ackScript, extendScript, moveScript, runScript, type Script } from "./scripts.ts";

/** Where one consumer's entries are. */
export interface Holder {
  stream: string;
  dead: string;
  group: string;
  consumer: string;
}

/** Settles entries of one consumer, batched per turn of the event loop. */
export interface Settlement {
  ack(id: string): Promise<void>;
  extend(id: string): Promise<void>;
  /** Moves it back to the end of its stream, with its delivery count. */
  release(id: string, count: number): Promise<void>;
  bury(id: string, count: number): Promise<void>;
}

interface Request {
  args: (string | number)[];
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Longest dead-letter stream. It is only for operators; the store keeps the dead letters. */
const DEAD_LENGTH = 10_000;
/** Lua cannot unpack many more than 7,000 values. */
const BATCH = 500;

export function settlement(redis: Redis, holder: Holder): Settlement {
  const { stream, dead, group, consumer } = holder;
  const through = (script: Script, keys: string[], head: (string | number)[]) => {
    const send = async (requests: Request[]) => {
      try {
        const args = [...head, ...requests.flatMap((request) => request.args)];
        const outcomes = (await runScript(redis, script, keys, args)) as number[];
        requests.forEach((request, index) => {
          if (outcomes[index] === 1) request.resolve();
          else request.reject(lost());
        });
      } catch (error) {
        const refusal = isGroupMissing(error) ? lost() : unavailable(error);
        for (const request of requests) request.reject(refusal);
      }
    };
    const add = gather<Request>((requests) => {
      for (let from = 0; from < requests.length; from += BATCH) void send(requests.slice(from, from + BATCH));
    });
    return (...args: (string | number)[]) =>
      new Promise<void>((resolve, reject) => add({ args, resolve, reject }));
  };
  return {
    ack: through(ackScript, [stream], [group, consumer]),
    extend: through(extendScript, [stream], [group, consumer]),
    release: through(moveScript, [stream, stream], [group, consumer, 0]),
    bury: through(moveScript, [stream, dead], [group, consumer, DEAD_LENGTH]),
  };
}

export function lost(): MillraceError {
  return new MillraceError("lost_ownership", "The delivery now belongs to another consumer");
}

/** The stream was deleted or evicted, or the data were flushed. */
export function isGroupMissing(error: unknown): boolean {
  return error instanceof Error && /^(NOGROUP|UNBLOCKED)|no such key|NOGROUP/.test(error.message);
}
