import { randomBytes } from "node:crypto";
import { DeleteQueueCommand, ListQueuesCommand } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, test } from "vitest";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { refusal } from "../../testing/refusal.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openSqsBroker } from "./broker.ts";
import { parseSqsUrl, sqsClient } from "./sqs-location.ts";

const url = process.env.MILLRACE_TEST_SQS ?? "sqs://test:test@127.0.0.1:14566/?region=us-east-1";
const prefix = `test-${randomBytes(4).toString("hex")}`;
const options = { prefix, ownershipMs: 2_000, waitSeconds: 2 };

await withService("SQS", addressOf(url, 443), async () => {
  const proxy = await openTcpProxy(addressOf(url, 443));
  const proxied = through(proxy, url);
  afterAll(async () => {
    const client = sqsClient(parseSqsUrl(url));
    const { QueueUrls = [] } = await client.send(new ListQueuesCommand({ QueueNamePrefix: prefix }));
    for (const QueueUrl of QueueUrls) await client.send(new DeleteQueueCommand({ QueueUrl }));
    client.destroy();
    await proxy.close();
  });

  brokerSuite({
    name: "sqs",
    open: () => openSqsBroker(proxied, options),
    child: {
      module: new URL("./broker.ts", import.meta.url).href,
      factory: "openSqsBroker",
      args: [proxied, options],
    },
    outage: proxy.outage,
    restart: "a service of Amazon's is not restarted by its users",
  });
});

describe("opening", () => {
  test("tells when nothing answers", async () => {
    const error = await refusal(openSqsBroker("sqs://key:secret@127.0.0.1:1/"), "unavailable");
    expect(error.message).toContain("SQS at http://127.0.0.1:1 cannot be used: the connection was refused");
  });

  test("tells a wrong URL without repeating its secret", async () => {
    const error = await refusal(openSqsBroker("sqs://key:secret@127.0.0.1:1/?nope=1"), "config_invalid");
    expect(error.message).not.toContain("secret");
  });
});
