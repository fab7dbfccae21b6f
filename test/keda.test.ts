import { expect, test } from "vitest";
import { addressOf, withService } from "../src/testing/services.ts";
import { startCluster } from "./scaling/cluster.ts";
import { kedaScaleIns } from "./scaling/keda-run.ts";
import { serviceUrls } from "./services.ts";

await withService("PostgreSQL", addressOf(serviceUrls("probe").postgres, 5432), () => {
  test("a simulated KEDA scales workers in under load: no task killed, no attempt charged", {
    timeout: 240_000,
  }, async () => {
    const result = await kedaScaleIns(5, 200);
    expect(result.scaleIns).toBeGreaterThanOrEqual(5);
    expect(result.scaleOuts).toBeGreaterThan(result.scaleIns - 7);
    expect(result).toMatchObject({ podsKilled: 0, tasksKilled: 0, charged: 0 });
  });

  test("on spot nodes, a notice hands back in time what cannot end, and a lost machine charges nothing", {
    timeout: 120_000,
  }, async () => {
    const cluster = await startCluster({ env: { MILLRACE_DRAIN: "1" } });
    try {
      const [noticed, lost] = [cluster.start(), cluster.start()];
      const id = await cluster.submit(Array.from({ length: 8 }, () => "sleep 6000"));
      await expect.poll(() => cluster.lines("start").length, { timeout: 60_000 }).toBe(8);
      const began = performance.now();
      // After a notice, the worker is gone well before the node, although its steps would take longer.
      expect(await noticed.terminate(120_000)).toBe(false);
      expect(performance.now() - began).toBeLessThan(30_000);
      process.kill(lost.pid, "SIGKILL");
      cluster.start();
      cluster.start();
      expect(await cluster.ended(id)).toBe("succeeded");
      const ended = cluster.lines("end");
      expect(new Set(ended.map((words) => words[2])).size).toBe(8);
      // All of them ran again, still counted as their first attempt.
      expect(cluster.lines("start").length).toBe(16);
      expect(cluster.lines("start").map((words) => words[4])).toEqual(Array(16).fill("1"));
    } finally {
      await cluster.close();
    }
  });
});
