/**
 * A local model provider that limits requests per minute by one of three kinds of windows, each under a separate
 * URL: `/sliding/v1`, `/fixed/v1`, `/strict/v1`.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const LIMIT = 60;
const MINUTE = 60_000;

/** Returns the time until another attempt, in ms; 0 if the request is allowed. */
type Window = (now: number) => number;

/** Never more than the limit in any 60-second span. */
function sliding(): Window {
  const log: number[] = [];
  return (now) => {
    while (log.length > 0 && log[0]! <= now - MINUTE) log.shift();
    if (log.length >= LIMIT) return log[0]! + MINUTE - now;
    log.push(now);
    return 0;
  };
}

/** At most the limit in each minute of the clock. */
function fixed(): Window {
  let minute = -1;
  let count = 0;
  return (now) => {
    const present = Math.floor(now / MINUTE);
    if (present !== minute) [minute, count] = [present, 0];
    if (count >= LIMIT) return (present + 1) * MINUTE - now;
    count++;
    return 0;
  };
}

/** One request per second: a bucket of one. */
function strict(): Window {
  let freeAt = 0;
  return (now) => {
    if (now < freeAt) return freeAt - now;
    freeAt = now + MINUTE / LIMIT;
    return 0;
  };
}

const windows: { [name: string]: Window } = { sliding: sliding(), fixed: fixed(), strict: strict() };
const counts = Object.fromEntries(Object.keys(windows).map((name) => [name, { accepted: 0, rejected: 0 }]));

const server = createServer((request, response) => {
  const name = request.url!.split("/")[1]!;
  request.resume().on("end", async () => {
    const waitMs = windows[name]!(Date.now());
    if (waitMs > 0) {
      counts[name]!.rejected++;
      response.writeHead(429, {
        "content-type": "application/json",
        "retry-after": String(Math.ceil(waitMs / 1_000)),
      });
      return response.end('{"error":{"message":"Rate limit reached"}}');
    }
    counts[name]!.accepted++;
    await sleep(200 + Math.random() * 800);
    const message = { role: "assistant", content: "Yes." };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        ...{ id: "1", object: "chat.completion", created: 1, model: "m" },
        choices: [{ index: 0, message, finish_reason: "stop" }],
        usage: { prompt_tokens: 8, completion_tokens: 2, total_tokens: 10 },
      }),
    );
  });
});
server.listen(0, "127.0.0.1", () =>
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
);
process.on("message", () => process.send!({ counts }));
process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
