import { Redis } from "ioredis";
import { CONCURRENCY, type JobData, type Peer, QUEUE } from "../peers/peer.ts";

const GROUP = "workers";

/** XADD, XREADGROUP, XACK. The jobs of a dead worker are lost, because nobody claims them. */
export const redisStreams: Peer = {
  name: "bare Redis Streams",

  async produce(url) {
    const redis = new Redis(url);
    await redis.xgroup("CREATE", QUEUE, GROUP, "0", "MKSTREAM");
    return {
      // Commands in flight share the connection, and so wait for the disk together.
      add: async (job) => void (await redis.xadd(QUEUE, "*", "job", JSON.stringify(job))),
      async addMany(jobs) {
        const pipeline = redis.pipeline();
        for (const job of jobs) pipeline.xadd(QUEUE, "*", "job", JSON.stringify(job));
        await pipeline.exec();
      },
      async unfinished() {
        const [pending] = (await redis.xpending(QUEUE, GROUP)) as [number];
        return pending;
      },
      async close() {
        redis.disconnect();
      },
    };
  },

  async work(url, onJob) {
    const redis = new Redis(url);
    const acknowledging = redis.duplicate();
    let open = true;
    const loop = async () => {
      while (open) {
        const read = (await redis.xreadgroup(
          "GROUP",
          GROUP,
          String(process.pid),
          "COUNT",
          CONCURRENCY,
          "BLOCK",
          1_000,
          "STREAMS",
          QUEUE,
          ">",
        )) as [stream: string, entries: [id: string, fields: string[]][]][] | null;
        const entries = read?.[0]?.[1] ?? [];
        if (entries.length === 0) continue;
        await Promise.all(entries.map(([, fields]) => onJob(JSON.parse(fields[1]!) as JobData)));
        await acknowledging.xack(QUEUE, GROUP, ...entries.map(([id]) => id));
      }
    };
    const running = loop();
    return {
      async close() {
        open = false;
        await running;
        redis.disconnect();
        acknowledging.disconnect();
      },
    };
  },
};
