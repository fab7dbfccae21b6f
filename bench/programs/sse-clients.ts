/**
 * `sse-clients.ts URL`: opens the event streams of the jobs that its parent sends (`{ids}`), and sends `{open: true}`
 * when all are open. On `{report: true}`, it reports when each stream showed its item's end, by the shared clock.
 */
import { Agent, get } from "node:http";
import { clock } from "../clock-log.ts";

const [url] = process.argv.slice(2);
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
const seen: [jobId: string, at: number][] = [];
/** Maximum number of connections being opened at once. */
const OPENING = 50;

process.on("message", async (message: { ids?: string[]; report?: boolean }) => {
  if (message.report) process.send!({ seen });
  if (!message.ids) return;
  const waiting = [...message.ids];
  const opener = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await open(id);
  };
  await Promise.all(Array.from({ length: OPENING }, opener));
  process.send!({ open: true });
});
process.on("disconnect", () => process.exit());
process.on("SIGTERM", () => process.exit());
process.send!({ ready: true });

function open(id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get(`${url}/v1/jobs/${id}/events`, { agent }, (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`the stream of ${id}: ${answer.statusCode}`));
      let rest = "";
      let ended = false;
      answer.setEncoding("utf8");
      answer.on("error", () => {});
      answer.on("data", (text: string) => {
        const at = clock();
        if (ended) return;
        rest += text;
        if (rest.includes("event: item.succeeded")) {
          ended = true;
          seen.push([id, at]);
        }
        rest = rest.slice(rest.lastIndexOf("\n") + 1);
      });
      // After its first event, the stream follows the log.
      answer.once("data", () => resolve());
    });
    asked.on("error", reject);
  });
}
