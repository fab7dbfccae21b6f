import { createHash, randomBytes } from "node:crypto";
import sharp from "sharp";
import { afterEach, expect, test } from "vitest";
import { addressOf, withServices } from "../src/testing/services.ts";
import { dropSchema, endRoles, startRoles } from "./distributed/roles.ts";
import { s3Address, serviceUrls } from "./services.ts";

const PHOTOS = 50;

afterEach(endRoles, 60_000);

let made: Promise<File[]> | null = null;

/** The same photos for every broker, because each has a separate store and bucket. */
function photographs(): Promise<File[]> {
  made ??= Promise.all(
    Array.from({ length: PHOTOS }, async (_, n) => {
      const background = { r: n * 5, g: 255 - n * 5, b: 120 };
      const noise = { type: "gaussian" as const, mean: 128, sigma: 40 };
      const picture = sharp({ create: { width: 400, height: 300, channels: 3, background, noise } });
      return new File([new Uint8Array(await picture.jpeg().toBuffer())], `photo-${n}.jpg`);
    }),
  );
  return made;
}

/** The types of a job's events, from first to last. */
async function eventsOf(url: string, id: string): Promise<string[]> {
  const response = await fetch(`${url}/v1/jobs/${id}/events`, { signal: AbortSignal.timeout(90_000) });
  const text = await response.text();
  return [...text.matchAll(/^event: (\S+)$/gm)].map((match) => match[1]!);
}

const services = serviceUrls("probe");
const ports = { postgres: 5432, redis: 6379, rabbitmq: 5672, kafka: 9092, sqs: 443 };
const shared = { PostgreSQL: addressOf(services.postgres, 5432), S3: s3Address(services.s3) };

for (const broker of Object.keys(ports) as (keyof typeof ports)[]) {
  await withServices({ [broker]: addressOf(services[broker], ports[broker]), ...shared }, () => {
    test(`50 photographs over ${broker}: two API processes, three workers, PostgreSQL and S3`, {
      timeout: 180_000,
    }, async () => {
      const name = `dist-${randomBytes(4).toString("hex")}`;
      const urls = serviceUrls(name);
      const env = { MILLRACE_STORE: urls.postgres, MILLRACE_BROKER: urls[broker], MILLRACE_BLOBS: urls.s3 };
      try {
        const [first, second] = await startRoles(env);

        const photos = await photographs();
        const form = new FormData();
        form.set("pipeline", "image.convert");
        form.set("options", JSON.stringify({ format: "webp", width: 100 }));
        for (const photo of photos) form.append("files", photo);
        const asked = await fetch(`${first}/v1/jobs`, { method: "POST", body: form });
        expect(asked.status).toBe(202);
        const { id } = (await asked.json()) as { id: string };

        const [here, there] = await Promise.all([eventsOf(first, id), eventsOf(second, id)]);
        expect(here.at(-1)).toBe("job.succeeded");
        expect(there.at(-1)).toBe("job.succeeded");
        expect(there.filter((type) => type === "item.succeeded")).toHaveLength(PHOTOS);

        const job = (await (await fetch(`${second}/v1/jobs/${id}`)).json()) as {
          items: {
            outputs: { artifactId: string; sha256: string; meta: { width: number; height: number } }[];
          }[];
        };
        expect(job.items).toHaveLength(PHOTOS);
        for (const { outputs } of job.items)
          expect(outputs[0]!.meta).toMatchObject({ width: 100, height: 75 });
        const output = job.items[7]!.outputs[0]!;
        const bytes = Buffer.from(
          await (await fetch(`${second}/v1/artifacts/${output.artifactId}`)).arrayBuffer(),
        );
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(output.sha256);
      } finally {
        await dropSchema(urls.postgres);
      }
    });
  });
}
