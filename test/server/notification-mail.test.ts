import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { count, createJob, ended, form, type JobJson, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

/** The mail server's replies to the next messages, and when it sends them; 250 if empty. */
const answers: { at: "rcpt" | "data"; code: number }[] = [];
let mails: { to: string[]; message: string }[] = [];
let tries = 0;
let smtp: SMTPServer;
let server: Running;

const refusal = (code: number) => Object.assign(new Error("not now"), { responseCode: code });

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo(_, __, done) {
      tries++;
      const said = answers[0]?.at === "rcpt" ? answers.shift() : undefined;
      done(said ? refusal(said.code) : null);
    },
    onData(stream, session, done) {
      let message = "";
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => {
        message += chunk;
      });
      stream.on("end", () => {
        const said = answers[0]?.at === "data" ? answers.shift() : undefined;
        if (said) return done(refusal(said.code));
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), message });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  const { port } = smtp.server.address() as { port: number };
  server = await start({
    pipelines: [count],
    env: {
      MILLRACE_SMTP: `smtp://127.0.0.1:${port}`,
      MILLRACE_PUBLIC_URL: "https://pictures.example",
      MILLRACE_LOCAL_EMAIL: "ada@example.org",
    },
    mailTimes: { againMs: [300], gapMs: 0 },
  });
});
afterAll(async () => {
  await server.close();
  await new Promise<void>((resolve) => smtp.close(resolve));
});
beforeEach(() => {
  mails = [];
  tries = 0;
});

async function prefer(body: object): Promise<{ email: object }> {
  const answer = await fetch(`${server.url}/v1/notifications/preferences`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { email: object };
}

async function run(): Promise<string> {
  const { id } = await createJob(server.url, { pipeline: "count", options: { to: 1 } });
  await ended(server.url, id);
  return id;
}

/** Decodes quoted-printable or base64 parts. */
function decoded(message: string): string {
  return message.replaceAll(
    /Content-Transfer-Encoding: (\S+)\r\n([\s\S]*?)(?=\r\n--|$)/gi,
    (_, encoding: string, body: string) => {
      if (encoding === "base64") return Buffer.from(body, "base64").toString();
      const bytes = body
        .replaceAll("=\r\n", "")
        .replaceAll(/=([0-9A-F]{2})/g, (__, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      return Buffer.from(bytes, "latin1").toString();
    },
  );
}

test("who wants mails gets them, as text and as HTML, in their language", async () => {
  const view = await prefer({ kinds: { "job.ended": { email: true } }, locale: "ko" });
  expect(view.email).toEqual({ address: "ada@example.org", available: true });
  const id = await run();
  await expect.poll(() => mails.length, { timeout: 60_000 }).toBe(1);
  const [mail] = mails;
  expect(mail!.to).toEqual(["ada@example.org"]);
  expect(mail!.message).toMatch(/^Auto-Submitted: auto-generated/im);
  const text = decoded(mail!.message);
  expect(text).toContain("text/plain");
  expect(text).toContain('<html lang="ko">');
  expect(text).toContain("count: 완료");
  expect(text).toContain(`https://pictures.example/jobs/${id}`);
  expect(text).toContain("https://pictures.example/notifications");
  await prefer({ locale: "en" });
});

test("what the server turns away for now is sent later, once", async () => {
  for (const at of ["rcpt", "data"] as const) {
    mails = [];
    tries = 0;
    answers.push({ at, code: 451 }, { at, code: 421 });
    const id = await run();
    await expect.poll(() => mails.length, { timeout: 60_000 }).toBe(1);
    expect(decoded(mails[0]!.message)).toContain(id);
    expect(tries).toBe(3);
  }
});

test("what the server refuses for good is not tried again, and the next mail is", async () => {
  answers.push({ at: "data", code: 550 });
  const refused = await run();
  await expect.poll(() => tries, { timeout: 60_000 }).toBe(1);
  const sent = await run();
  await expect.poll(() => mails.length, { timeout: 60_000 }).toBe(1);
  expect(decoded(mails[0]!.message)).toContain(sent);
  expect(decoded(mails[0]!.message)).not.toContain(refused);
  expect(tries).toBe(2);
});

test("a job may ask for a mail itself, to its owner's confirmed address alone", async () => {
  await prefer({ kinds: { "job.ended": { email: false } } });
  const make = (email: string) =>
    post(server.url, "/v1/jobs", { pipeline: "count", options: { to: 1 }, notify: [{ email }] });
  const refused = await problemOf(await make("eve@example.org"));
  expect(refused).toMatchObject({ status: 422, code: "notify_refused" });
  const created = (await (await make("Ada@Example.org")).json()) as JobJson & { notify: object[] };
  expect(created.notify).toEqual([{ email: "Ada@Example.org" }]);
  await expect.poll(() => mails.length, { timeout: 60_000 }).toBe(1);
  expect(decoded(mails[0]!.message)).toContain(created.id);
  const parts = form("count", [], { options: '{"to":2}', notify: '[{"email":"ada@example.org"}]' });
  const second = (await (await post(server.url, "/v1/jobs", parts)).json()) as JobJson;
  await expect.poll(() => mails.length, { timeout: 60_000 }).toBe(2);
  expect(decoded(mails[1]!.message)).toContain(second.id);
  const many = Array.from({ length: 6 }, () => ({ email: "ada@example.org" }));
  const tooMany = await post(server.url, "/v1/jobs", { pipeline: "count", options: { to: 1 }, notify: many });
  expect(tooMany.status).toBe(400);
  const hidden = await post(server.url, "/v1/jobs", {
    ...{ pipeline: "count", options: { to: 1 } },
    notify: [{ url: "http://169.254.169.254/latest" }],
  });
  expect((await problemOf(hidden)).code).toBe("address_refused");
});
