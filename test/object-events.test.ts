import { randomBytes } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseS3Url, s3Client } from "../src/adapters/aws/s3-location.ts";
import { parseSqsUrl, sqsClient } from "../src/adapters/aws/sqs-location.ts";
import { addressOf, withServices } from "../src/testing/services.ts";
import { copy, ended, type JobJson, post } from "./server/fixtures.ts";
import { type Running, start } from "./server/harness.ts";
import { s3Address, serviceUrls } from "./services.ts";

const name = `objects-${randomBytes(4).toString("hex")}`;
const urls = serviceUrls(name);
const secret = randomBytes(24).toString("base64url");

await withServices({ S3: s3Address(urls.s3), SQS: addressOf(urls.sqs, 443) }, () => {
  const location = parseS3Url(urls.s3);
  const { bucket: Bucket } = location;
  const s3 = s3Client(location);
  const sqs = sqsClient(parseSqsUrl(urls.sqs));
  let queueUrl = "";
  let server: Running;

  beforeAll(async () => {
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl!;
    const queue = `${urls.sqs}&queue=${name}`;
    const route = { from: urls.s3, pipeline: "copy" };
    server = await start({
      pipelines: [copy],
      objectEvents: {
        routes: [
          { ...route, prefix: `${name}/in/`, suffix: ".txt", options: { rename: "routed.txt" } },
          { ...route, prefix: `${name}/other/` },
        ],
        queue,
        secret,
      },
    });
  });
  afterAll(async () => {
    await server?.close();
    await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    s3.destroy();
    sqs.destroy();
  });

  /** Puts an object, and returns the event that a bucket would send about it. */
  async function put(path: string, content: string) {
    const key = `${name}/${path}`;
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: content }));
    const object = { key: encodeURIComponent(key), eTag: ETag!.replaceAll('"', "") };
    return { Records: [{ eventName: "ObjectCreated:Put", s3: { bucket: { name: Bucket }, object } }] };
  }

  const send = (body: object | string) =>
    sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: typeof body === "string" ? body : JSON.stringify(body),
      }),
    );

  const announce = (body: object, authorization = `Bearer ${secret}`) =>
    post(server.url, "/v1/object-events", body, { authorization });

  async function jobsOf(path: string): Promise<JobJson[]> {
    const { items } = (await (await fetch(`${server.url}/v1/jobs?limit=100`)).json()) as { items: JobJson[] };
    return items.filter(({ metadata }) => metadata.key === `${name}/${path}`);
  }

  describe("an object that a queue announces", () => {
    test("becomes one job, however often it is announced", async () => {
      const sent = await put("in/my photo.txt", "hello");
      await Promise.all([send(sent), send(sent), send("not a notification"), send(sent)]);
      await expect.poll(async () => (await jobsOf("in/my photo.txt")).length, { timeout: 60_000 }).toBe(1);
      const [job] = await jobsOf("in/my photo.txt");
      const done = await ended(server.url, job!.id);
      expect(done).toMatchObject({
        state: "succeeded",
        metadata: { bucket: Bucket },
        items: [{ name: "my photo.txt", input: { bytes: 5 }, outputs: [{ name: "routed.txt" }] }],
      });
      await send(sent);
      await send(await put("in/second.txt", "second"));
      await expect.poll(async () => (await jobsOf("in/second.txt")).length, { timeout: 60_000 }).toBe(1);
      expect(await jobsOf("in/my photo.txt")).toHaveLength(1);
    });

    test("makes another job when its content is another", async () => {
      for (const content of ["one", "two"]) await send(await put("in/changing.txt", content));
      await expect.poll(async () => (await jobsOf("in/changing.txt")).length, { timeout: 60_000 }).toBe(2);
      const states = (await jobsOf("in/changing.txt")).map(async ({ id }) => await ended(server.url, id));
      // An object that was overwritten before it was read must not be read as the earlier one.
      const items = (await Promise.all(states)).map(({ items: [item] }) => item!);
      for (const { state, error } of items) {
        expect(state === "succeeded" || (error as { code: string }).code === "fetch_failed").toBe(true);
      }
      expect(items.some(({ state }) => state === "succeeded")).toBe(true);
    });
  });

  describe("an object that a store's webhook announces", () => {
    test("becomes one job, of the route that its key fits", async () => {
      const sent = await put("other/a.txt", "a");
      expect(await (await announce(sent)).json()).toEqual({ jobs: 1 });
      expect(await (await announce(sent, secret)).json()).toEqual({ jobs: 0 });
      const [job] = await jobsOf("other/a.txt");
      expect((await ended(server.url, job!.id)).items[0]).toMatchObject({ outputs: [{ name: "a.txt" }] });
      for (const path of ["in/a.jpg", "nowhere/a.txt", "in/folder/"]) {
        expect(await (await announce(await put(path, "a"))).json()).toEqual({ jobs: 0 });
      }
    });

    test("is refused without the secret, and when it is no notification", async () => {
      const sent = await put("other/b.txt", "b");
      for (const wrong of ["", "Bearer wrong", `Basic ${secret}`]) {
        expect((await announce(sent, wrong)).status).toBe(401);
      }
      expect((await announce({ hello: "world" })).status).toBe(400);
      expect(await jobsOf("other/b.txt")).toEqual([]);
    });

    test("is an item's error when it is gone, and no client can name an object", async () => {
      const Records = [
        {
          eventName: "ObjectCreated:Put",
          s3: { bucket: { name: Bucket }, object: { key: `${name}/other/gone.txt`, eTag: "abc" } },
        },
      ];
      await announce({ Records });
      const [job] = await jobsOf("other/gone.txt");
      expect((await ended(server.url, job!.id)).items[0]).toMatchObject({
        state: "failed",
        error: { code: "fetch_failed" },
      });
      const files = [{ url: `s3://${Bucket}/${name}/other/a.txt` }];
      expect((await post(server.url, "/v1/jobs", { pipeline: "copy", files })).status).toBe(422);
    });
  });
});

test("without settings for it there is no webhook", async () => {
  const server = await start({ worker: false });
  expect((await post(server.url, "/v1/object-events", { Records: [] })).status).toBe(404);
  await server.close();
});

test("a route to a pipeline that is not there, or with options that it does not take, ends the start", async () => {
  const from = "s3://key:secret@bucket/?endpoint=http%3A%2F%2F127.0.0.1%3A1";
  for (const route of [
    { from, pipeline: "nothing" },
    { from, pipeline: "copy", options: { ms: -1 } },
  ]) {
    await expect(
      start({ pipelines: [copy], worker: false, objectEvents: { routes: [route] } }),
    ).rejects.toMatchObject({ code: "config_invalid" });
  }
});
