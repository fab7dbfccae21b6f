import type { AddressInfo } from "node:net";
import { buildApp } from "fauxqs";
import { kafka } from "../../scripts/services/kafka.ts";
import { postgres } from "../../scripts/services/postgres.ts";
import { rabbitmq } from "../../scripts/services/rabbitmq.ts";
import { redis } from "../../scripts/services/redis.ts";
import { s3 } from "../../scripts/services/s3.ts";
import type { Service } from "../../scripts/services/service.ts";
import { sqs } from "../../scripts/services/sqs.ts";

/**
 * Runs once before all tests. Uses the servers that answer where `npm run services` would put them, and starts those
 * that ship in a package: S3 and SQS. Tests learn what is missing, and skip. Servers that listen but reject our
 * clients count as missing.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const unusable: string[] = [];
  const lacking: Service[] = [];
  await Promise.all(
    [postgres, redis, rabbitmq, kafka, s3, sqs].map(async (service) => {
      const url = await found(service);
      if (url === null) lacking.push(service);
      else if (url !== service.urls[0]) process.env[service.variable] = url;
    }),
  );
  const packaged = lacking.filter((service) => service === s3 || service === sqs);
  const server = packaged.length > 0 ? await startFauxqs(packaged) : null;
  for (const service of lacking) {
    if (packaged.includes(service)) continue;
    const { hostname, port } = new URL(process.env[service.variable] ?? service.urls[0]!);
    unusable.push(`${hostname}:${port}`);
  }
  process.env.MILLRACE_TEST_UNUSABLE = unusable.join(",");
  return async () => server?.close();
}

async function found(service: Service): Promise<string | null> {
  const given = process.env[service.variable];
  for (const url of given ? [given] : service.urls) {
    if (!(await service.answers(url))) continue;
    const ready = await Promise.resolve(service.afterStart?.(url)).then(
      () => true,
      () => false,
    );
    if (ready) return url;
  }
  return null;
}

/** Keeps everything in this process's memory, on the loopback interface only. Does not check signatures. */
async function startFauxqs(services: readonly Service[]) {
  const app = buildApp({ logger: false });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  for (const service of services) {
    const url = new URL(service.urls[0]!);
    if (service === s3) url.searchParams.set("endpoint", `http://127.0.0.1:${port}`);
    else url.port = String(port);
    process.env[service.variable] = url.href;
    await service.afterStart?.(url.href);
  }
  return app;
}
