import { describe, expect, test } from "vitest";
import { addressJudge, parseNetworks } from "./networks.ts";

const judgeWith = (...allow: string[]) => addressJudge(parseNetworks(allow));

describe("addresses", () => {
  test.each(["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e"])(
    "%s is public",
    (address) => {
      expect(judgeWith()(address)).toBe("public");
    },
  );

  test.each(["", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "::1%lo", "1.2.3.4/8"])(
    "%j is no address",
    (text) => {
      expect(judgeWith("0.0.0.0/0", "::/0")(text)).toBe("forbidden");
    },
  );

  test("a network of the operator's is allowed, and nothing beside it", () => {
    const judge = judgeWith("10.1.0.0/16", "fd12:3456::/32");
    expect(judge("10.1.2.3")).toBe("allowed");
    expect(judge("10.2.0.1")).toBe("forbidden");
    expect(judge("fd12:3456::1")).toBe("allowed");
    expect(judge("fd12:3457::1")).toBe("forbidden");
  });

  test.each([
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
  ])("a network that covers %s does not open it; naming it does", (address) => {
    expect(judgeWith("0.0.0.0/0", "::/0")(address)).toBe("forbidden");
    expect(judgeWith(address)(address)).toBe("allowed");
  });

  test.each(["::ffff:8.8.8.8", "::808:808", "64:ff9b::808:808", "2002:808:808::", "2001:0:808:808::1"])(
    "%s hides an IPv4 address, which no network opens",
    (address) => {
      expect(judgeWith()(address)).toBe("forbidden");
      expect(judgeWith("::/0", "0.0.0.0/0")(address)).toBe("forbidden");
    },
  );

  test.each([
    "10.0.0.0/33",
    "10.0.0/8",
    "fd00::/129",
    "example.test",
    "10.0.0.0/8/8",
    "10.0.0.0/",
    "10.0.0.0/-1",
  ])("%j is no network", (entry) => {
    expect(() => parseNetworks([entry])).toThrow(TypeError);
  });
});
