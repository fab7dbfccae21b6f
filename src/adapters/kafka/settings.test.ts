import { describe, expect, test } from "vitest";
import { parseKafkaUrl } from "./settings.ts";

describe("a Kafka URL", () => {
  test("names servers, with Kafka's port unless it says another", () => {
    expect(parseKafkaUrl("kafka://one:19092,two").servers).toEqual(["one:19092", "two:9092"]);
  });

  test("has defaults for everything else", () => {
    expect(parseKafkaUrl("kafka://one")).toMatchObject({
      prefix: "millrace",
      partitions: 8,
      replicas: -1,
      tls: false,
    });
    expect(parseKafkaUrl("kafka://one").sasl).toBeNull();
  });

  test("takes parameters, and options before them", () => {
    const url = "kafka://one/?partitions=24&replicas=3&prefix=shop";
    expect(parseKafkaUrl(url)).toMatchObject({ partitions: 24, replicas: 3, prefix: "shop" });
    expect(parseKafkaUrl(url, { prefix: "other" }).prefix).toBe("other");
  });

  test("carries a user for TLS and SASL", () => {
    const settings = parseKafkaUrl("kafkas://me:a%40b%3Ac@one,two:1?sasl=plain");
    expect(settings.tls).toBe(true);
    expect(settings.sasl).toEqual({ mechanism: "PLAIN", username: "me", password: "a@b:c" });
  });

  test.each([
    "kafka://",
    "http://one:1",
    "kafka://one:1?nope=1",
    "kafka://one:port",
    "kafka://one?partitions=0",
    "kafka://one?prefix=a_b",
    "kafka://me:secret@one?sasl=gssapi",
  ])("is refused when it is wrong: %s", (url) => {
    expect(() => parseKafkaUrl(url)).toThrow(expect.objectContaining({ code: "config_invalid" }));
    expect(() => parseKafkaUrl(url)).not.toThrow(/secret/);
  });
});
