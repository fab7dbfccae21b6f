import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { portraits } from "../examples/faces/samples/portraits.ts";
import { createClient } from "../src/client/index.ts";
import { addressOf, withServices } from "../src/testing/services.ts";
import { dropSchema, endRoles, startRoles } from "./distributed/roles.ts";
import { s3Address, serviceUrls } from "./services.ts";

const example = join(import.meta.dirname, "..", "examples", "faces");
const services = serviceUrls("probe");

afterEach(endRoles, 60_000);

await withServices(
  {
    RabbitMQ: addressOf(services.rabbitmq, 5672),
    PostgreSQL: addressOf(services.postgres, 5432),
    S3: s3Address(services.s3),
  },
  () => {
    test("faces with two API processes and three workers, on PostgreSQL, RabbitMQ and S3", {
      timeout: 180_000,
    }, async () => {
      const urls = serviceUrls(`faces-${randomBytes(4).toString("hex")}`);
      const env = { MILLRACE_STORE: urls.postgres, MILLRACE_BROKER: urls.rabbitmq, MILLRACE_BLOBS: urls.s3 };
      try {
        const [first, second] = (await startRoles(env, example)).map((url) => createClient({ url }));
        const given = await Promise.all([portraits.first(), portraits.second()]);
        const files = given.map(({ name, data }) => new File([new Uint8Array(data)], name));
        const options = { consent: true, frame: "first", size: 256 };
        const made = await first!.run("faces", { files, options });
        expect(made).toMatchObject({ state: "succeeded", outputs: [{ name: "child-1.jpg" }] });
        const turned = { files: files.toReversed(), options: { ...options, frame: "second" } };
        const found = await second!.run("faces", turned);
        expect(found.steps[0]!.cached).toBe(true);
        expect(found.outputs[0]!.sha256).toBe(made.outputs[0]!.sha256);
        expect((await second!.request("/faces/")).headers.get("content-type")).toMatch(/html/);
      } finally {
        await dropSchema(urls.postgres);
      }
    });
  },
);
