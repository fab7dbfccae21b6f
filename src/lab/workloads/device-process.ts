import { setTimeout as pause } from "node:timers/promises";
import { ready } from "../architectures/child.ts";
import { listen } from "../architectures/http.ts";

/** The one device of `exclusive`. Like an unshared GPU, it serves one request at a time, in order. */
let last: Promise<unknown> = Promise.resolve();

const url = await listen({
  "POST /use": async ({ query }, answer) => {
    const ms = Number(query.get("ms"));
    const turn = last.then(() => pause(ms));
    last = turn;
    await turn;
    answer(200, "used");
  },
});
ready({ url });
