import { prepare, work } from "../workloads/work.ts";
import type { WorkSettings } from "../workloads/workload.ts";
import { ready, settingsOf } from "./child.ts";
import { fileOf, listen } from "./http.ts";

/**
 * The service that does the work of V0 and V2. Like a web service without a queue, it starts every request right away,
 * so that each one slows down all earlier ones.
 */
const settings = settingsOf<WorkSettings>();
let running = 0;

await prepare(settings);
const url = await listen({
  "POST /work": async ({ request }, answer) => {
    const file = await fileOf(request);
    running++;
    try {
      answer(200, await work(settings, file));
    } finally {
      running--;
    }
  },
  "GET /load": (_, answer) => answer(200, { ready: 0, running, consumers: 1 }),
});
ready({ url });
