import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketLifecycleConfigurationCommand,
  ListMultipartUploadsCommand,
  PutBucketLifecycleConfigurationCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { buildApp } from "fauxqs";
import { afterAll, describe, expect, test } from "vitest";
import { blobSuite } from "../../testing/blob-suite.ts";
import { refusal } from "../../testing/refusal.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openS3Blobs } from "./blobs.ts";
import { parseS3Url, s3Client } from "./s3-location.ts";

const given =
  process.env.MILLRACE_TEST_S3 ??
  "s3://millrace:millrace-secret@millrace-test/?endpoint=http%3A%2F%2F127.0.0.1%3A14567&region=us-east-1";
const location = parseS3Url(given);
const { bucket: Bucket, credentials } = location;
const endpoint = location.endpoint ?? `https://s3.${location.region}.amazonaws.com`;
const space = `test-${randomBytes(4).toString("hex")}`;

/** A URL with this test's own prefix in the service's bucket. */
function urlOf(path: string, change: Record<string, string> = {}, user = credentials): string {
  const url = new URL(`s3://${Bucket}/${space}/${path}`);
  url.search = new URL(given).search;
  for (const [name, value] of Object.entries(change)) url.searchParams.set(name, value);
  if (user) {
    url.username = user.accessKeyId;
    url.password = user.secretAccessKey;
  }
  return url.href;
}

await withService("S3", addressOf(endpoint, 443), async () => {
  const client = s3Client(location);
  const proxy = await openTcpProxy(addressOf(endpoint, 443));
  const proxied = urlOf("suite", { endpoint: through(proxy, endpoint).replace(/\/$/, "") });
  afterAll(async () => {
    client.destroy();
    await proxy.close();
  });

  const unfinished = async () => {
    const { Uploads = [] } = await client.send(
      new ListMultipartUploadsCommand({ Bucket, Prefix: `${space}/` }),
    );
    return Uploads.map(({ Key }) => Key!);
  };

  /** The store that comes in a package, which the tests use if there is no other, accepts any signature. */
  const strict = await openS3Blobs(urlOf("", {}, { accessKeyId: "nobody", secretAccessKey: "wrong" })).then(
    (blobs) => blobs.close().then(() => false),
    () => true,
  );
  const listsUnfinished = async () => {
    const upload = { Bucket, Key: `${space}/probe` };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    const listed = await unfinished();
    await client.send(new AbortMultipartUploadCommand({ ...upload, UploadId }));
    return listed.length > 0;
  };

  blobSuite({
    name: "s3",
    open: () => openS3Blobs(proxied),
    unfinished,
    child: { module: import.meta.resolve("./blobs.ts"), factory: "openS3Blobs", args: [proxied] },
    outage: proxy.outage,
  });

  describe("opening", () => {
    test("names a bucket that does not exist", async () => {
      const url = urlOf("").replace(`${Bucket}/`, "nowhere-at-all/");
      const error = await refusal(openS3Blobs(url), "config_invalid");
      expect(error.message).toContain('has no bucket "nowhere-at-all"');
      expect(error.message).toContain(endpoint);
    });

    test("tells wrong credentials", async (context) => {
      context.skip(!strict, "missing: an S3 store that checks signatures");
      for (const wrong of [
        { accessKeyId: credentials!.accessKeyId, secretAccessKey: "wrong" },
        { accessKeyId: "nobody", secretAccessKey: "wrong" },
      ]) {
        const error = await refusal(openS3Blobs(urlOf("", {}, wrong)), "config_invalid");
        expect(error.message).toContain("credentials");
        expect(error.message).toContain(endpoint);
        expect(error.message).not.toContain("wrong&");
      }
    });

    test("tells a store without lifecycle rules", async (context) => {
      const opened = openS3Blobs(urlOf("", { lifecycle: "true" }));
      if (
        await opened.then(
          () => true,
          () => false,
        )
      )
        return context.skip("this store has them");
      const error = await refusal(opened, "config_invalid");
      expect(error.message).toContain("lifecycle=true");
    });

    test.each([
      ["http://127.0.0.1:1", "the connection was refused"],
      ["http://nowhere.invalid:9000", "the host name"],
    ])("tells the address and the cause when nothing answers at %s", async (address, cause) => {
      const error = await refusal(openS3Blobs(urlOf("", { endpoint: address })), "unavailable");
      expect(error.message).toContain(`The object store at ${address} cannot be used: ${cause}`);
    });

    test("prefixes of one bucket do not see each other", async () => {
      const [one, other] = [await openS3Blobs(urlOf("one")), await openS3Blobs(urlOf("other"))];
      const { key } = await one.put(Buffer.from("mine"));
      await refusal(other.read(key), "gone");
      for await (const page of other.list(Date.now() + 60_000)) expect(page).toEqual([]);
      await one.remove([key]);
      await Promise.all([one.close(), other.close()]);
    });
  });

  test("listing ends multipart uploads whose writers are dead, and no others", async (context) => {
    context.skip(!(await listsUnfinished()), "missing: an S3 store that lists unfinished uploads");
    const blobs = await openS3Blobs(urlOf("dead"));
    const Key = `${space}/dead/blobs/00000000-0000-4000-8000-000000000000`;
    await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    for await (const page of blobs.list(Date.now() - 60_000)) expect(page).toEqual([]);
    expect(await unfinished()).toEqual([Key]);
    const fed = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: `${Key}-fed` }));
    // The service stores whole seconds.
    await sleep(1_100);
    const between = Date.now();
    await sleep(1_100);
    const part = { Bucket, Key: `${Key}-fed`, UploadId: fed.UploadId, PartNumber: 1, Body: "part" };
    await client.send(new UploadPartCommand(part));
    for await (const page of blobs.list(between)) expect(page).toEqual([]);
    expect(await unfinished()).toEqual([`${Key}-fed`]);
    for await (const page of blobs.list(Date.now() + 60_000)) expect(page).toEqual([]);
    expect(await unfinished()).toEqual([]);
    await blobs.close();
  });

  test("a presigned address holds for its key and its time alone", async (context) => {
    context.skip(!strict, "missing: an S3 store that checks signatures");
    const blobs = await openS3Blobs(urlOf("signed"));
    const { key } = await blobs.put(Buffer.from("direct"));
    const sign = async (seconds: number) =>
      new URL((await blobs.presign!(key, { seconds, name: "a.txt", mediaType: "text/plain" }))!);
    const fresh = await sign(60);
    const answer = await fetch(fresh);
    expect(await answer.text()).toBe("direct");
    expect(answer.headers.get("content-disposition")).toBe("attachment; filename=a.txt");
    expect(answer.headers.get("content-type")).toBe("text/plain");
    const other = new URL(fresh);
    other.pathname = other.pathname.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    expect((await fetch(other)).status).toBe(403);
    const longer = new URL(fresh);
    longer.searchParams.set("X-Amz-Expires", "600");
    expect((await fetch(longer)).status).toBe(403);
    const short = await sign(1);
    await sleep(2_100);
    expect((await fetch(short)).status).toBeGreaterThanOrEqual(400);
    await blobs.remove([key]);
    await blobs.close();
  });

  test("a direct upload's address is signed for its hash, its size and its time", async () => {
    const blobs = await openS3Blobs(urlOf("direct", { publicEndpoint: "https://files.example.com" }));
    const announced = { sha256: "00".repeat(32), bytes: 12_345 };
    const direct = (await blobs.presignUpload!({ ...announced, seconds: 90 }))!;
    const address = new URL(direct.url);
    expect(address.origin).toBe("https://files.example.com");
    expect(address.pathname).toBe(`/${Bucket}/${space}/direct/staging/${direct.staged}`);
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      "X-Amz-Expires": "90",
      "X-Amz-SignedHeaders": "content-length;host;x-amz-checksum-sha256",
    });
    expect(direct.headers).toEqual({ "x-amz-checksum-sha256": Buffer.alloc(32).toString("base64") });
    await refusal(
      blobs.presignUpload!({ ...announced, bytes: 6 * 1024 ** 3, seconds: 90 }),
      "file_too_large",
    );
    await blobs.close();
  });

  test("clients get an address of the endpoint that they reach", async () => {
    const blobs = await openS3Blobs(urlOf("public", { publicEndpoint: "https://files.example.com" }));
    const key = "00000000-0000-4000-8000-000000000000";
    const address = new URL(
      (await blobs.presign!(key, { seconds: 90, name: "사진.webp", mediaType: "image/webp" }))!,
    );
    expect(address.origin).toBe("https://files.example.com");
    expect(address.pathname).toBe(`/${Bucket}/${space}/public/blobs/${key}`);
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      "X-Amz-Expires": "90",
      "X-Amz-SignedHeaders": "host",
      "response-content-type": "image/webp",
      "response-content-disposition":
        "attachment; filename=\"??.webp\"; filename*=UTF-8''%EC%82%AC%EC%A7%84.webp",
    });
    await blobs.close();
  });
});

describe("lifecycle rules", () => {
  test("are set beside those that are there, once, and never expire a blob", async () => {
    // The service of the other tests does not support such rules; this one does not check signatures.
    const app = buildApp({ logger: false });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const { port } = app.server.address() as AddressInfo;
    const url = `s3://key:secret@bucket/ours?endpoint=http://127.0.0.1:${port}&lifecycle=true`;
    const client = s3Client(parseS3Url(url));
    await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
    const theirs = {
      ID: "theirs",
      Status: "Enabled",
      Filter: { Prefix: "logs/" },
      Expiration: { Days: 30 },
    } as const;
    const LifecycleConfiguration = { Rules: [theirs] };
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: "bucket", LifecycleConfiguration }),
    );
    for (let round = 0; round < 2; round++) await (await openS3Blobs(url)).close();
    const { Rules = [] } = await client.send(
      new GetBucketLifecycleConfigurationCommand({ Bucket: "bucket" }),
    );
    expect(Rules.map(({ ID, Filter, Expiration }) => [ID, Filter?.Prefix, Expiration !== undefined])).toEqual(
      [
        ["theirs", "logs/", true],
        ["millrace unfinished uploads ours/", "ours/", false],
        ["millrace staging ours/", "ours/staging/", true],
      ],
    );
    client.destroy();
    await app.close();
  });
});

describe("the URL", () => {
  test.each([
    "s3://",
    "s3:///prefix",
    "https://bucket",
    "s3://UPPER_case",
    "s3://bucket?endpoint=nonsense",
    "s3://bucket?forcePathStyle=yes",
    "s3://bucket?ssl=false",
    "not a url",
  ])("%s is refused", async (url) => {
    const error = await refusal(openS3Blobs(url), "config_invalid");
    expect(error.message).toContain("s3://bucket/prefix");
  });

  test("is read in full", () => {
    expect(parseS3Url("s3://bucket/a/b/?region=eu-west-1")).toMatchObject({
      bucket: "bucket",
      prefix: "a/b/",
      region: "eu-west-1",
      endpoint: undefined,
      forcePathStyle: false,
      credentials: undefined,
    });
    expect(parseS3Url("s3://k%2F:s%40@bucket?endpoint=http://127.0.0.1:9000")).toMatchObject({
      prefix: "",
      endpoint: "http://127.0.0.1:9000",
      forcePathStyle: true,
      credentials: { accessKeyId: "k/", secretAccessKey: "s@" },
    });
  });
});
