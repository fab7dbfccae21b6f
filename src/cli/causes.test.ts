import { afterEach, expect, test, vi } from "vitest";
import { unexpectedMessage } from "../domain/unexpected.ts";
import { causeHint } from "./causes.ts";

const unexpected = { code: "step_failed" as const, message: unexpectedMessage("c0d54484ffbe") };
const declared = { code: "step_failed" as const, message: "The file it needs is missing." };
const id = "01890000-0000-7000-8000-000000000000";

afterEach(() => vi.unstubAllEnvs());

test("the command names the task, or the job if there are several", () => {
  vi.stubEnv("MILLRACE_API_KEY", "");
  const items = [declared, unexpected, unexpected].map((error, index) => ({ index, error }));
  const hint = (count: number, error: typeof declared | null = null) =>
    causeHint({ id, error }, items.slice(0, count), { server: "http://127.0.0.1:9000" });
  const there = "--server http://127.0.0.1:9000";
  expect(hint(1)).toBeNull();
  expect(hint(1, declared)).toBeNull();
  expect(hint(2)).toBe(`See the cause with: millrace dead-letters show ${id}.1 ${there}`);
  expect(hint(1, unexpected)).toBe(`See the cause with: millrace dead-letters show ${id}.all ${there}`);
  expect(hint(3)).toBe(`See the cause with: millrace dead-letters list --job ${id} ${there}`);
});

test("whoever has a key is a user of a server with accounts, and gets no such command", () => {
  vi.stubEnv("MILLRACE_API_KEY", "mr_key");
  expect(causeHint({ id, error: unexpected }, [], {})).toBeNull();
});
