import { expect, test } from "vitest";
import { isLoopback } from "./host-check.ts";

test("only what cannot be another machine is loopback", () => {
  for (const host of ["localhost", "LocalHost", "a.localhost", "127.0.0.1", "127.255.0.1", "::1", "[::1]"]) {
    expect([host, isLoopback(host)]).toEqual([host, true]);
  }
  for (const host of [
    "",
    "0.0.0.0",
    "::",
    "127.1",
    "127.0.0.1.example",
    "localhost.example",
    "2130706433",
    "::ffff:10.0.0.1",
    "10.0.0.1",
  ]) {
    expect([host, isLoopback(host)]).toEqual([host, false]);
  }
});
