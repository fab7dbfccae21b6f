/** `peer-worker.ts PEER URL`: one worker process of a peer; tells its parent how many jobs it has run. */

import { noteStart } from "../clock-log.ts";
import { hold } from "../hold-log.ts";
import { peerNamed } from "../peers/index.ts";

const [name, url] = process.argv.slice(2);
let handled = 0;
const peer = await peerNamed(name);
const worker = await peer.work(url!, (job) => {
  handled++;
  if (job.askedAt !== undefined) noteStart(job.askedAt);
  return job.hold === undefined ? undefined : hold(job.hold);
});
let told = 0;
setInterval(() => {
  if (handled !== told) process.send!({ handled });
  told = handled;
}, 5);
const stop = () => void worker.close().finally(() => process.exit());
process.on("SIGTERM", stop);
process.on("disconnect", () => process.exit());
process.send!({ ready: true });
