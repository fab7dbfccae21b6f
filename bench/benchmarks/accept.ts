import { join } from "node:path";
import { type Latencies, thinkingClients } from "../load/clients.ts";
import { type Saturation, saturate } from "../load/saturate.ts";
import { product, program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import { postgres, redis } from "../services.ts";
import type { Session } from "../session.ts";
import { interleave, medians, ratio } from "../statistics.ts";

const CONNECTIONS = 200;
const CLIENTS = 120;
const BODY = JSON.stringify({ pipeline: "bench.noop", options: { text: "x".repeat(200) } });

interface Subject {
  name: string;
  note: string;
  url: string;
}

/** How fast requests become durable jobs. */
export async function accept(session: Session): Promise<Report> {
  const subjects = await start(session);
  const seconds = session.quick ? 2 : 5;
  for (const { url } of subjects) await saturate(`${url}/v1/jobs`, BODY, { connections: 50, seconds: 1 });
  const results = await interleave(subjects, session.quick ? 1 : 3, async ({ name, url }, round) => {
    const saturated = await saturate(`${url}/v1/jobs`, BODY, { connections: CONNECTIONS, seconds });
    const calm = await thinkingClients(`${url}/v1/jobs`, () => BODY, {
      clients: CLIENTS,
      seconds: seconds - 1,
    });
    session.say(
      `round ${round + 1} ${name}: ${Math.round(saturated.perSecond)}/s, p95 ${calm.p95.toFixed(1)} ms`,
    );
    return figuresOf(saturated, calm);
  });
  const [own, floor] = subjects.map((subject) => results.get(subject)!);
  const reached = medians(own!);
  return {
    name: "accept",
    title: "Accepting jobs",
    method: [
      `\`POST /v1/jobs\` with a JSON body of ${BODY.length} bytes, over ${CONNECTIONS} connections that ask again as soon as they are answered; the load generator runs on the same cores.`,
      `Then ${CLIENTS} clients that think 40 to 240 ms between two requests.`,
      "Workers are off everywhere, so that accepting alone is measured. Every body but that of bare Fastify is validated in the same way.",
    ],
    columns: [
      { name: "perSecond", title: "jobs/s", digits: 0 },
      { name: "share", title: "of the floor" },
      { name: "p50", title: "p50 ms" },
      { name: "p95", title: "p95 ms" },
      { name: "p99", title: "p99 ms" },
      { name: "calmP95", title: `p95 ms, ${CLIENTS} thinking` },
    ],
    rows: subjects.map((subject) => {
      const rounds = results.get(subject)!;
      const share = ratio(rounds, floor!, "perSecond");
      return { subject: subject.name, figures: { ...medians(rounds), share }, note: subject.note };
    }),
    targets: [
      target("jobs/s against the floor", ratio(own!, floor!, "perSecond"), { atLeast: 0.5 }),
      target("p95 at saturation", reached.p95, { atMost: 50 }, "ms"),
      target(`p95 with ${CLIENTS} thinking clients`, reached.calmP95, { atMost: 5 }, "ms"),
    ],
  };
}

function figuresOf({ perSecond, p50, p95, p99 }: Saturation, calm: Latencies) {
  return { perSecond, p50, p95, p99, calmP95: calm.p95 };
}

async function start(session: Session): Promise<Subject[]> {
  const server = async (name: string, note: string, args: string[]): Promise<Subject> => {
    const { ready } = await program(session, "server.ts", args);
    return { name, note, url: ready.url as string };
  };
  const floor = ["sqlite", join(session.folder, "floor.db")];
  const durable = ["bullmq", await redis(session, true)];
  const volatile = ["bullmq", await redis(session, false)];
  const database = ["pg-boss", await postgres(session)];
  return [
    {
      name: "Millrace",
      note: "SQLite, on disk before `202`",
      url: (await product(session, { workers: 0 })).url,
    },
    await server("Fastify + one insert (the floor)", "SQLite, on disk before `202`", floor),
    await server("Fastify + BullMQ `add`", "Redis, on disk before `202`", durable),
    await server("Fastify + BullMQ `add`", "Redis, nothing on disk", volatile),
    await server("Fastify + pg-boss `send`", "PostgreSQL, on disk before `202`", database),
    await server("bare Fastify", "keeps nothing", ["bare"]),
  ];
}
