import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchJars, java } from "./maven.ts";
import type { Service } from "./service.ts";

const port = Number(process.env.MILLRACE_S3_PORT ?? 14_567);
const endpoint = `http://127.0.0.1:${port}`;

/**
 * S3Proxy stores objects as files and is the strictest S3 server that runs without Docker: it checks signatures and the
 * expiry of presigned URLs, keeps SHA-256 checksums, lists parts and unfinished uploads, supports ranges and
 * preconditions, and streams objects of any size. fauxqs and S3Mock do not check signatures, and fauxqs rejects bodies
 * over 11 MiB. Only lifecycle rules return `NotImplemented`.
 */
export const s3: Service = {
  name: "s3",
  variable: "MILLRACE_TEST_S3",
  urls: [
    `s3://millrace:millrace-secret@millrace-test/?endpoint=${encodeURIComponent(endpoint)}&region=us-east-1`,
  ],

  async answers(url) {
    const place = endpointOf(url);
    const answer = await fetch(place, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    // It rejects requests without a signature. fauxqs, which tests may use, accepts any.
    return answer?.status === 403 || answer?.ok === true;
  },

  install: (folder) =>
    fetchJars(folder, [
      "org.gaul:s3proxy:4.1.0",
      // Jackson 3 needs this version. Otherwise, an older one from another dependency would win.
      "com.fasterxml.jackson.core:jackson-annotations:2.21",
    ]),

  async command(url, folder) {
    const { username, password } = new URL(url);
    const config = join(folder, "s3proxy.properties");
    const data = join(folder, "data");
    await mkdir(data, { recursive: true });
    const settings = [
      `s3proxy.endpoint=${endpoint}`,
      "s3proxy.authorization=aws-v2-or-v4",
      `s3proxy.identity=${username}`,
      `s3proxy.credential=${password}`,
      "jclouds.provider=filesystem-nio2",
      `jclouds.filesystem.basedir=${data}`,
    ];
    await writeFile(config, `${settings.join("\n")}\n`);
    const quiet = join(folder, "logback.xml");
    await writeFile(quiet, '<configuration><root level="WARN"/></configuration>\n');
    return java(
      folder,
      384,
      "org.gaul.s3proxy.Main",
      ["--properties", config],
      [`logback.configurationFile=${quiet}`],
    );
  },

  async afterStart(url) {
    const { S3Client, CreateBucketCommand, HeadBucketCommand } = await import("@aws-sdk/client-s3");
    const { username, password, hostname } = new URL(url);
    const credentials = { accessKeyId: username, secretAccessKey: password };
    const settings = { endpoint: endpointOf(url), region: "us-east-1", forcePathStyle: true, credentials };
    const client = new S3Client(settings);
    try {
      await client.send(new HeadBucketCommand({ Bucket: hostname })).catch(async (error: Error) => {
        if (error.name !== "NotFound") throw error;
        await client.send(new CreateBucketCommand({ Bucket: hostname }));
      });
    } finally {
      client.destroy();
    }
  },
};

function endpointOf(url: string): string {
  return new URL(url).searchParams.get("endpoint") ?? "https://s3.amazonaws.com";
}
