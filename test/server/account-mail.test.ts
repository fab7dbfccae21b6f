import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, start } from "./harness.ts";
import { PASSWORD, visitor } from "./visitors.ts";

interface Mail {
  to: string[];
  text: string;
}

const mails: Mail[] = [];
let smtp: SMTPServer;
let server: Running;

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      let text = "";
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => {
        text += chunk;
      });
      stream.on("end", () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          text: text.replaceAll("=\r\n", ""),
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  const { port } = smtp.server.address() as { port: number };
  const accounts = {
    registration: "open",
    smtp: `smtp://127.0.0.1:${port}`,
    publicUrl: "https://pictures.example",
  };
  server = await start({ accounts });
});
afterAll(async () => {
  await server.close();
  await new Promise<void>((resolve) => smtp.close(resolve));
});

async function mailTo(address: string, page: string): Promise<string> {
  const found = () =>
    mails.findLast(({ to, text }) => to[0] === address && text.includes(`pictures.example${page}`));
  await expect.poll(found).toBeTruthy();
  return /#([\w=-]+)/.exec(found()!.text)![1]!.replace("=3D", "");
}

const headers = { origin: "https://pictures.example" };
const login = (email: string, password = PASSWORD) => ({ email, password });

test("where anybody may register, an address is confirmed by mail before it counts", async () => {
  const ada = visitor(server, headers);
  expect(await ada.json(202, "/v1/auth/register", login("ada@example.org"))).toEqual({ verifyByMail: true });
  const token = await mailTo("ada@example.org", "/verify");
  const refused = await ada.json(403, "/v1/auth/login", login("ada@example.org"));
  expect(refused).toMatchObject({ code: "email_unverified" });
  await ada.json(401, "/v1/auth/login", login("ada@example.org", "wrong"));
  const again = mails.length;
  await ada.json(202, "/v1/auth/verify", { email: "ada@example.org" });
  await expect.poll(() => mails.length).toBeGreaterThan(again);
  expect(await mailTo("ada@example.org", "/verify")).not.toBe(token);
  await ada.json(204, "/v1/auth/verify", { token });
  await ada.json(422, "/v1/auth/verify", { token });
  await ada.json(200, "/v1/auth/login", login("ada@example.org"));
  expect(await ada.json(200, "/v1/me")).toMatchObject({ emailVerified: true });
});

test("who has an account already is told by mail, and nobody else is", async () => {
  await signedInVerified("ben@example.org");
  const eve = visitor(server, headers);
  const answer = await eve.json(202, "/v1/auth/register", login("ben@example.org", "a password of Eve"));
  expect(answer).toEqual({ verifyByMail: true });
  await expect
    .poll(() => mails.some(({ to, text }) => to[0] === "ben@example.org" && text.includes("already")))
    .toBe(true);
  await eve.json(401, "/v1/auth/login", login("ben@example.org", "a password of Eve"));
});

test("a forgotten password is set anew by the link of a mail", async () => {
  await signedInVerified("cleo@example.org");
  const cleo = visitor(server, headers);
  const before = mails.length;
  await cleo.json(202, "/v1/auth/reset", { email: "nobody@example.org" });
  await cleo.json(202, "/v1/auth/reset", { email: "Cleo@example.org" });
  const token = await mailTo("cleo@example.org", "/reset");
  expect(mails.slice(before).map(({ to }) => to[0])).toEqual(["cleo@example.org"]);
  await cleo.json(204, "/v1/auth/reset", { token, password: "another long sentence" });
  await cleo.json(200, "/v1/auth/login", login("cleo@example.org", "another long sentence"));
});

test("nobody can fill another's mailbox", async () => {
  await signedInVerified("ed@example.org");
  const before = mails.length;
  for (let n = 0; n < 8; n++)
    await visitor(server, headers).json(202, "/v1/auth/reset", { email: "ed@example.org" });
  await expect.poll(() => mails.length).toBe(before + 5);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(mails.length).toBe(before + 5);
});

test("an invite for one address goes there", async () => {
  const { id } = await server.accounts!.users.create({
    email: "admin@example.org",
    name: "",
    role: "admin",
    password: PASSWORD,
  });
  const admin = visitor(server, headers);
  await admin.json(200, "/v1/auth/login", login("admin@example.org"));
  const { url } = await admin.json<{ url: string }>(201, "/v1/admin/invites", { email: "dora@example.org" });
  expect(url.split("#")[1]).toBe(await mailTo("dora@example.org", "/invite"));
  expect(id).toBeTruthy();
});

/** Creates an account with a confirmed address. */
async function signedInVerified(email: string): Promise<void> {
  const user = await server.accounts!.users.create({ email, name: "", role: "user", password: PASSWORD });
  const { token } = await server.accounts!.links.make({ kind: "verify", userId: user.id });
  await server.accounts!.users.verifyEmail(token);
}
