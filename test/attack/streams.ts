import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Attack, endedJob, memoryOf, pictureForm, post } from "./target.ts";

/** Event streams that nobody reads. */
export const streams: Attack = {
  name: "unread streams",
  async run(target) {
    const tries = target.short ? 50 : 5_000;
    const before = memoryOf(target);
    const sockets: Socket[] = [];
    for (let n = 0; n < tries; n++) {
      const socket = connect(target.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.pause();
      socket.write(`GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nLast-Event-ID: 0\r\n\r\n`);
      sockets.push(socket);
    }
    const answer = await post(target, "/v1/jobs", pictureForm());
    const { id } = (await answer.json()) as { id: string };
    const job = await endedJob(target.url, id);
    await sleep(1_000);
    const grown = memoryOf(target) - before;
    for (const socket of sockets) socket.destroy();
    const findings = job.finishedAt ? [] : ["a job stood still"];
    if (grown > 300) findings.push(`the API grew by ${Math.round(grown)} MiB`);
    return { tries, findings };
  },
};
