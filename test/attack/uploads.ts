import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { hostileForms, seeded } from "../hostile/forms.ts";
import { fieldPart, filePart, formHead, rawRequest } from "../server/raw-http.ts";
import { type Attack, photo, pictureForm, post } from "./target.ts";

const BOUNDARY = "boundary";
const tus = { "tus-resumable": "1.0.0" };
/** By then, the server has closed a connection whose body trickles in. */
const TRICKLE_MS = 50_000;

export const forms: Attack = {
  name: "multipart",
  async run({ port, short }) {
    const next = hostileForms([photo], seeded(7));
    const tries = short ? 60 : 500;
    const findings: string[] = [];
    for (let n = 0; n < tries; n++) {
      const { boundary, body, declared } = next();
      const head = formHead(port, boundary, declared, ["Connection: close"]);
      const { status } = await rawRequest(port, [head, body], { ms: 10_000, end: declared > body.length });
      if (status >= 500 || (status === 0 && declared === body.length)) findings.push(`form ${n}: ${status}`);
    }
    return { tries, findings };
  },
};

export const resumable: Attack = {
  name: "resumable uploads",
  async run(target) {
    const findings: string[] = [];
    let tries = 0;
    const expect = async (what: string, answer: Response | Promise<Response>, ...statuses: number[]) => {
      tries++;
      const { status } = await answer;
      if (!statuses.includes(status)) findings.push(`${what}: ${status}`);
    };
    const create = (length: string) =>
      fetch(`${target.url}/v1/uploads`, { method: "POST", headers: { ...tus, "upload-length": length } });
    for (const length of ["-1", "1e3", "0x10", "9007199254740993", "99999999999999999999"]) {
      await expect(`length ${length}`, create(length), 400, 413);
    }
    const path = (await create("10")).headers.get("location")!;
    const patch = (offset: string, body: string, more: Record<string, string> = {}) =>
      fetch(target.url + path, {
        method: "PATCH",
        headers: {
          ...tus,
          "upload-offset": offset,
          "content-type": "application/offset+octet-stream",
          ...more,
        },
        body,
      });
    await expect("too far", patch("5", "a"), 409);
    await expect("before its start", patch("-1", "a"), 400);
    await expect("more than the file", patch("0", "x".repeat(100)), 413);
    await expect("a wrong checksum", patch("0", "a", { "upload-checksum": "sha1 AAAA" }), 400, 460);
    await expect("an unknown checksum", patch("0", "a", { "upload-checksum": "crc32 AAAA" }), 400);
    await expect("another type", patch("0", "a", { "content-type": "text/plain" }), 400, 415);
    const head = await fetch(target.url + path, { method: "HEAD", headers: tus });
    if (head.headers.get("upload-offset") !== "0") findings.push("a refused body moved the offset");
    await expect("given up", fetch(target.url + path, { method: "DELETE", headers: tus }), 204);
    await expect("after that", patch("0", "a"), 404);
    return { tries, findings };
  },
};

/** Holds connections open with bodies that hardly arrive. */
export const trickled: Attack = {
  name: "trickled bodies",
  async run(target) {
    const { port } = target;
    const part = fieldPart(BOUNDARY, "pipeline", "image.convert");
    const host = `Host: 127.0.0.1:${port}`;
    const upload = await fetch(`${target.url}/v1/uploads`, {
      method: "POST",
      headers: { ...tus, "upload-length": "1000000" },
    });
    const kinds = [
      `POST /v1/jobs HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{`,
      formHead(port, BOUNDARY, 999_999) + part,
      `PATCH ${upload.headers.get("location")} HTTP/1.1\r\n${host}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 999999\r\n\r\n`,
    ];
    const tries = target.short ? 30 : 250;
    const sockets = await Promise.all(
      Array.from({ length: tries }, (_, n) => open(port, kinds[n % kinds.length]!)),
    );
    const open_ = await trickleUntilClosed(sockets, TRICKLE_MS);
    return {
      tries,
      findings: open_ === 0 ? [] : [`${open_} of ${tries} are open after ${TRICKLE_MS / 1_000} s`],
    };
  },
};

/** Tries to reserve the whole queue with forms that send all their files but never end. */
export const reservations: Attack = {
  name: "reservations",
  async run(target) {
    const far = await post(
      target,
      "/v1/jobs",
      '{"pipeline":"image.convert","files":[],"startAt":"9999-12-31T00:00:00Z"}',
    );
    const findings = far.status < 500 && far.status >= 400 ? [] : [`a start in the year 9999: ${far.status}`];
    const count = target.short ? 20 : 202;
    const file = filePart(BOUNDARY, "files", "a.png", "x").replace("\r\n\r\nx", `\r\n\r\n${PNG_HEAD}x`);
    const begin = formHead(target.port, BOUNDARY, 999_999) + fieldPart(BOUNDARY, "pipeline", "image.convert");
    const sockets = await Promise.all(
      Array.from({ length: count }, () => open(target.port, begin + file.repeat(50))),
    );
    const held = trickleUntilClosed(sockets, TRICKLE_MS);
    const until = performance.now() + TRICKLE_MS;
    let accepted = false;
    while (!accepted && performance.now() < until) {
      accepted = (await post(target, "/v1/jobs", pictureForm())).status === 202;
      if (!accepted) await sleep(1_000);
    }
    if (!accepted) findings.push("slow forms kept everybody from the queue");
    for (const socket of sockets) socket.destroy();
    await held;
    return { tries: count + 1, findings };
  },
};

const PNG_HEAD = "\u0089PNG\r\n\u001a\n\0\0\0\rIHDR";

async function open(port: number, first: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await Promise.race([once(socket, "connect"), once(socket, "close")]);
  socket.write(first, "latin1");
  return socket;
}

/** Sends single bytes for up to `ms`. @returns how many connections are still open */
async function trickleUntilClosed(sockets: readonly Socket[], ms: number): Promise<number> {
  const until = performance.now() + ms;
  const living = () => sockets.filter((socket) => !socket.destroyed && !socket.readableEnded);
  while (living().length > 0 && performance.now() < until) {
    for (const socket of living()) socket.write("x");
    await sleep(1_000);
  }
  const left = living().length;
  for (const socket of sockets) socket.destroy();
  return left;
}
