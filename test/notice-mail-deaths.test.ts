import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../src/compose/adapters.ts";
import { resolveConfig } from "../src/compose/config.ts";
import { startEmbedded } from "../src/compose/embedded.ts";
import { noticeMailRecords } from "../src/database/notice-mails.ts";
import { noticeRecords } from "../src/database/notices.ts";
import type { Tables } from "../src/database/tables.ts";
import { newId } from "../src/domain/ids.ts";
import type { Database } from "../src/ports/database.ts";

let data: string;
let smtp: SMTPServer;
let taken: string[];
/** Called when a complete message has arrived, before the server answers. */
let onWhole: (() => void) | null;
let writer: Awaited<ReturnType<typeof startEmbedded>>;
let database: Database<Tables>;

beforeEach(async () => {
  taken = [];
  onWhole = null;
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, _, done) {
      let text = "";
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on("end", () => {
        taken.push(text);
        onWhole?.();
        done();
      });
    },
  });
  smtp.on("error", () => {});
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  data = await mkdtemp(join(tmpdir(), "millrace-mail-"));
  const { config } = await resolveConfig({ data, logLevel: "silent" }, {}, data);
  writer = await startEmbedded(config);
  database = await openDatabase({ config, writer: writer!.socketPath });
  const records = noticeRecords(database);
  await records.change("ada", { "job.ended": { page: true, email: true, browser: false } });
  const at = Date.now();
  await records.add([
    { owner: "ada", id: newId(at), kind: "job.ended", at, jobId: "j", data: { pipeline: "p", total: 1 } },
  ]);
});
afterEach(async () => {
  await database.close();
  await writer!.close();
  await new Promise<void>((resolve) => smtp.close(resolve));
  await rm(data, { recursive: true, force: true });
});

/** Sends due mails in a separate process. Resolves with the signal that killed it. */
async function send(point: string): Promise<NodeJS.Signals | null> {
  const { port } = smtp.server.address() as { port: number };
  const told = { data, writer: writer!.socketPath, smtp: `smtp://127.0.0.1:${port}`, point };
  const path = new URL("./notices/mail-child.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [path, JSON.stringify(told)], { stdio: "inherit" });
  if (point === "whole") onWhole = () => child.kill("SIGKILL");
  const [, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  onWhole = null;
  return signal;
}

/** Pretends that so much time has passed that whoever worked on the mail must be dead. */
async function recover(): Promise<string> {
  const mails = noticeMailRecords(database);
  await mails.recover(Date.now() + 3_600_000);
  await database.db.updateTable("notice_mails").set({ due_at: 0 }).where("state", "=", "waiting").execute();
  return (await mails.list("ada", 1))[0]!.state;
}

for (const [point, after, first, all] of [
  ["claimed", "waiting", 0, 1],
  ["sending", "unknown", 0, 0],
  ["whole", "unknown", 1, 1],
  ["sent", "unknown", 1, 1],
] as const) {
  test(`a process that dies when a mail is ${point}: the mail comes at most once`, async () => {
    expect(await send(point)).toBe("SIGKILL");
    expect(taken).toHaveLength(first);
    expect(await recover()).toBe(after);
    expect(await send("nowhere")).toBe(null);
    expect(taken).toHaveLength(all);
    await recover();
    expect(await send("nowhere")).toBe(null);
    expect(taken).toHaveLength(all);
  });
}
