import { expect, test } from "vitest";
import { addressOf, withService } from "../src/testing/services.ts";
import { startCluster } from "./scaling/cluster.ts";
import { upload } from "./scaling/uploads.ts";
import { serviceUrls } from "./services.ts";

await withService("PostgreSQL", addressOf(serviceUrls("probe").postgres, 5432), () => {
  test("a server takes uploads and nothing else, and the API makes jobs of them", async () => {
    const cluster = await startCluster({});
    try {
      const uploads = await cluster.uploads();
      const uploadId = await upload(uploads, Buffer.from("sleep 1"));
      cluster.start();
      const made = await fetch(`${cluster.url}/v1/jobs`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ pipeline: "faults", files: [{ uploadId }] }),
      });
      expect(made.status).toBe(202);
      const { id } = (await made.json()) as { id: string };
      expect(await cluster.ended(id)).toBe("succeeded");

      const status = async (path: string, method = "GET") => (await fetch(uploads + path, { method })).status;
      for (const path of ["/healthz", "/readyz", "/metrics"]) expect(await status(path), path).toBe(200);
      const others = [
        ...["/", "/docs", "/v1/jobs", `/v1/jobs/${id}`, "/v1/pipelines", "/v1/events", "/v1/admin/queues"],
        ...["/authz/check", "/openapi.json", "/v1/object-events", "/v1/auth/login"],
      ];
      for (const path of others) expect(await status(path), path).toBe(404);
      expect(await status("/v1/jobs", "POST")).toBe(404);
    } finally {
      await cluster.close();
    }
  });
});
