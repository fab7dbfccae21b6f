import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32, deflateSync } from "node:zlib";
import { type Attack, memoryOf, pictureForm, post, type Target } from "./target.ts";

const WAIT_SECONDS = 60;

/** Small files that ask for much work: others must get their turn, and each bomb its end. */
export const bombs: Attack = {
  name: "picture bombs",
  isLong: true,
  async run(target) {
    const svg = (inside: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="4000">${inside}</svg>`;
    const pictures: [name: string, content: Buffer][] = [
      ["pixels.png", png(60_000, 60_000)],
      ["text.svg", Buffer.from(svg(`<text>${"a".repeat(1_000_000)}</text>`))],
      [
        "filters.svg",
        Buffer.from(
          svg(
            `<filter id="f">${'<feGaussianBlur stdDeviation="500"/>'.repeat(50)}</filter><rect width="4000" height="4000" filter="url(#f)"/>`,
          ),
        ),
      ],
      ["nested.svg", Buffer.from(svg(`${"<g opacity='.9'>".repeat(5_000)}${"</g>".repeat(5_000)}`))],
      [
        "entity.svg",
        Buffer.from(
          `<!DOCTYPE svg [<!ENTITY a "${"a".repeat(999)}"><!ENTITY b "${"&a;".repeat(999)}">]>${svg("<text>&b;</text>")}`,
        ),
      ],
    ];
    const findings: string[] = [];
    const jobs: [string, string][] = [];
    for (const [name, content] of pictures) {
      const answer = await post(target, "/v1/jobs", pictureForm(content, name));
      if (answer.status === 202) jobs.push([name, ((await answer.json()) as { id: string }).id]);
      else if (answer.status >= 500) findings.push(`${name}: ${answer.status}`);
    }
    const honest = (await (await post(target, "/v1/jobs", pictureForm())).json()) as { id: string };
    if (!(await hasEnded(target, honest.id)))
      findings.push(`an honest picture waited for more than ${WAIT_SECONDS} s`);
    const ends = await Promise.all(
      jobs.map(async ([name, id]) => ({ name, ended: await hasEnded(target, id) })),
    );
    for (const { name, ended } of ends) if (!ended) findings.push(`${name} goes on and on`);
    return { tries: pictures.length, findings };
  },
};

/** Event streams that nobody reads. */
export const streams: Attack = {
  name: "unread streams",
  async run(target) {
    const tries = target.short ? 50 : 500;
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
    const ended = await hasEnded(target, id);
    await sleep(1_000);
    const grown = memoryOf(target) - before;
    for (const socket of sockets) socket.destroy();
    const findings = ended ? [] : ["a job stood still"];
    if (grown > 300) findings.push(`the API grew by ${Math.round(grown)} MiB`);
    return { tries, findings };
  },
};

async function hasEnded({ url }: Target, id: string): Promise<boolean> {
  const job = (await (await fetch(`${url}/v1/jobs/${id}?wait=${WAIT_SECONDS}`)).json()) as {
    finishedAt: string | null;
  };
  return job.finishedAt !== null;
}

/** A PNG that says to be of that size, with hardly any data. */
function png(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.alloc(100_000));
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
