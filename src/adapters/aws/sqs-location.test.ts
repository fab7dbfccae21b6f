import { describe, expect, test } from "vitest";
import { parseSqsUrl, queueNameOf } from "./sqs-location.ts";

describe("an SQS URL", () => {
  test("names a region of Amazon's and the account that owns the queues", () => {
    expect(parseSqsUrl("sqs://eu-central-1/123456789012?prefix=shop")).toEqual({
      region: "eu-central-1",
      account: "123456789012",
      endpoint: undefined,
      prefix: "shop",
      credentials: undefined,
    });
    expect(parseSqsUrl("sqs://us-gov-west-1").region).toBe("us-gov-west-1");
  });

  test("names another server, and may carry credentials", () => {
    expect(parseSqsUrl("sqs://key:s%2Fcret@localhost:9324/?region=eu-west-1&tls=true")).toMatchObject({
      region: "eu-west-1",
      endpoint: "https://localhost:9324",
      prefix: "millrace",
      credentials: { accessKeyId: "key", secretAccessKey: "s/cret" },
    });
  });

  test.each(["sqs://", "http://a", "sqs://eu-west-1/queue", "sqs://eu-west-1?nope=1", "sqs://a?prefix=a_b"])(
    "is refused when it is wrong: %s",
    (url) => expect(() => parseSqsUrl(url)).toThrow(expect.objectContaining({ code: "config_invalid" })),
  );
});

describe("the name of a queue in SQS", () => {
  test("stays readable for a pipeline's queue", () => {
    expect(queueNameOf("millrace", "image.convert/convert")).toBe("millrace-image_convert--convert");
  });

  test("is another for every queue, and never a dead-letter queue's", () => {
    const queues = ["a", "a/b", "a.b", "a-b", "a_b", "a--b", "a//b", "a/b/", "a..b", "A/b", "a-/b", "a-dead"];
    queues.push(
      "a/dead",
      "a.-b",
      `a-x${"0".repeat(16)}`,
      "n".repeat(200),
      `${"n".repeat(199)}m`,
      "/".repeat(200),
    );
    const names = queues.map((queue) => queueNameOf("p", queue));
    const dead = names.map((name) => `${name}-dead`);
    expect(new Set([...names, ...dead]).size).toBe(queues.length * 2);
    for (const name of dead) expect(name).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
  });
});
