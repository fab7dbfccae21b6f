import { afterEach, expect, test, vi } from "vitest";
import { serverUrl } from "./server-url.ts";

afterEach(() => vi.unstubAllEnvs());

test("a command asks the server that it is told, or the one that would be started here", () => {
  vi.stubEnv("MILLRACE_SERVER", "");
  vi.stubEnv("PORT", "");
  expect(serverUrl(undefined)).toBe("http://127.0.0.1:8080");
  vi.stubEnv("PORT", "9000");
  expect(serverUrl(undefined)).toBe("http://127.0.0.1:9000");
  vi.stubEnv("MILLRACE_SERVER", "https://millrace.example/");
  expect(serverUrl(undefined)).toBe("https://millrace.example");
  expect(serverUrl("http://127.0.0.1:7000/")).toBe("http://127.0.0.1:7000");
  expect(() => serverUrl("nowhere")).toThrow("is not a server URL");
});
