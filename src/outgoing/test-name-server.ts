import { createSocket } from "node:dgram";
import { once } from "node:events";

/** Returns a name's addresses of one kind. Called for each query. */
export type Answer = (name: string, type: 4 | 6) => readonly string[];

/** A name server on loopback for tests. */
export async function startNameServer(answer: Answer) {
  const socket = createSocket("udp4");
  let questions = 0;
  socket.on("message", (query, from) => {
    questions++;
    const { name, type, end } = questionOf(query);
    const addresses = type === null ? [] : answer(name, type);
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(addresses.length, 6);
    header.writeUInt32BE(0, 8);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...addresses.map(record)]), from.port);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions: () => questions,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

function questionOf(query: Buffer): { name: string; type: 4 | 6 | null; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  return { name: labels.join("."), type: type === 1 ? 4 : type === 28 ? 6 : null, end: at + 5 };
}

/** A record with a TTL of 0, so that the next query may get another answer. */
function record(address: string): Buffer {
  const data = address.includes(":") ? ipv6(address) : Buffer.from(address.split(".").map(Number));
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(data.length === 4 ? 1 : 28, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** Without support for a dotted IPv4 suffix. */
function ipv6(address: string): Buffer {
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail)];
  const middle = new Array(8 - first.length - last.length).fill(0);
  const data = Buffer.alloc(16);
  for (const [n, group] of [...first, ...middle, ...last].entries()) data.writeUInt16BE(group, 2 * n);
  return data;
}
