/** Sends due mails, and is killed at the given point. */

import { openDatabase } from "../../src/compose/adapters.ts";
import { resolveConfig } from "../../src/compose/config.ts";
import { noticeMailRecords } from "../../src/database/notice-mails.ts";
import { sendTo } from "../../src/notices/mail-sender.ts";
import { createMailer } from "../../src/notices/mailer.ts";

const { data, writer, smtp, point } = JSON.parse(process.argv[2]!) as Record<string, string>;
const { config } = await resolveConfig({ data: data!, logLevel: "silent" }, {}, data!);
const database = await openDatabase({ config, writer: writer! });
const die = (at: string) => {
  if (point === at) process.kill(process.pid, "SIGKILL");
};
const records = noticeMailRecords(database);
const mailer = createMailer({ url: smtp!, from: "m@example.org", publicUrl: "https://example.org" });
const log = { debug() {}, info() {}, warn() {}, error() {} };
for (const recipient of await records.recipients(Date.now(), 10)) {
  await sendTo(recipient, {
    records: {
      ...records,
      async begin(...given) {
        die("claimed");
        const begun = await records.begin(...given);
        die("sending");
        return begun;
      },
      async end(...given) {
        die("sent");
        await records.end(...given);
      },
    },
    notices: {
      address: async () => ({ address: "ada@example.org", available: true }),
      locale: async () => null,
    },
    mailer,
    now: Date.now,
    log,
  });
}
await database.close();
process.exit(0);
