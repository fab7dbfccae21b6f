import { Agent, get, type IncomingMessage, request } from "node:http";

export interface Part {
  name: string;
  data: Buffer;
}

const BOUNDARY = "millrace-bench-2f1c9e0b";
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Sends a form with files as fast as the server reads it. Resolves with the response before its body is read. */
export function sendForm(
  url: string,
  fields: { [name: string]: string },
  files: readonly Part[],
): Promise<IncomingMessage> {
  const pieces: Buffer[] = [];
  for (const [name, value] of Object.entries(fields)) {
    pieces.push(head(`name="${name}"`), Buffer.from(value));
  }
  for (const { name, data } of files) {
    pieces.push(head(`name="files"; filename="${name}"`, "Content-Type: application/octet-stream\r\n"), data);
  }
  pieces.push(Buffer.from(`\r\n--${BOUNDARY}--\r\n`));
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return new Promise((resolve, reject) => {
    const headers = { "content-type": `multipart/form-data; boundary=${BOUNDARY}`, "content-length": length };
    const asked = request(url, { method: "POST", agent, headers }, resolve);
    asked.once("error", reject);
    const write = async () => {
      for (const piece of pieces) {
        if (!asked.write(piece)) await new Promise<void>((go) => asked.once("drain", () => go()));
      }
      asked.end();
    };
    write().catch(reject);
  });
}

function head(disposition: string, more = ""): Buffer {
  return Buffer.from(`\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n`);
}

export function open(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, resolve).once("error", reject);
  });
}

/** Reads a body to its end and returns its length. */
export async function drain(answer: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of answer) bytes += (chunk as Buffer).length;
  if (answer.statusCode! >= 400) throw new Error(`answered ${answer.statusCode}`);
  return bytes;
}

export async function json<T>(answer: IncomingMessage): Promise<T> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk;
  if (answer.statusCode! >= 400) throw new Error(`answered ${answer.statusCode}: ${text}`);
  return JSON.parse(text) as T;
}

export interface Job {
  id: string;
  state: string;
  createdAt: string;
  finishedAt: string | null;
  items: { index: number; input: { artifactId: string } }[];
}

/** Waits until the job has ended. Throws unless it succeeded. */
export async function ended(url: string, id: string): Promise<Job> {
  for (;;) {
    const job = await json<Job>(await open(`${url}/v1/jobs/${id}?wait=30`));
    if (job.finishedAt === null) continue;
    if (job.state !== "succeeded") throw new Error(`the job ${id} ended as ${job.state}`);
    return job;
  }
}
