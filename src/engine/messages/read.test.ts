import { expect, test } from "vitest";
import { countDrops } from "./drops.ts";
import { messageReader } from "./read.ts";

const live = {
  owner: "me",
  jobId: "0190a0b0-0000-7000-8000-000000000000",
  type: "item.progress",
  index: 0,
  attempt: 1,
  data: { step: "convert", fraction: 0.5, message: null },
};
const step = { queue: "a/b", outcome: "succeeded", count: 2, seconds: 0.5 };
const dropped = [{ source: "bus", reason: "forged", count: 3 }];
const figures = { worker: "host-1", steps: [step], dropped, lostLines: 4 };
const model = {
  ...{ model: "fast", calls: { answered: 2 }, tokens: { input: 9, cached_input: 3 }, usd: 0.000_1 },
  ...{ waitSeconds: 1.5, waiting: 7, longestSeconds: 0.25 },
};
const download = {
  ...{ owner: "me", jobId: live.jobId, downloads: 1, sentBytes: 5, totalBytes: 10 },
  progress: { total: 2, done: 1, failed: 1, cached: 0, fraction: 1 },
};
const aiFigures = { process: "host-1", models: [model] };
const many = (length: number, value: unknown) => Array.from({ length }, () => value);

test("what is well formed is read", () => {
  const drops = countDrops();
  const read = messageReader(drops);
  expect(read.owner("me")).toBe("me");
  expect(read.live(JSON.stringify(live))).toEqual(live);
  expect(read.revoked('["a","b"]')).toEqual(["a", "b"]);
  expect(read.figures(JSON.stringify(figures))).toEqual(figures);
  expect(read.aiFigures(JSON.stringify(aiFigures))).toEqual(aiFigures);
  for (const one of [download, { ...download, downloadedAt: 1_900_000_000_000 }])
    expect(read.download(JSON.stringify(one))).toEqual(one);
  // Sent by a version that does not count them.
  const { lostLines: _, ...older } = figures;
  expect(read.figures(JSON.stringify(older))).toEqual(older);
  expect(drops.take()).toEqual([]);
});

test.each<[topic: "owner" | "live" | "revoked" | "figures" | "aiFigures" | "download", message: unknown]>([
  ["aiFigures", { ...aiFigures, models: [{ ...model, calls: { won: 1 } }] }],
  ["aiFigures", { ...aiFigures, models: [{ ...model, tokens: { input: -1 } }] }],
  ["aiFigures", { ...aiFigures, models: [{ ...model, usd: null }] }],
  ["aiFigures", { ...aiFigures, models: many(11, model) }],
  ["download", { ...download, downloads: -1 }],
  ["download", { ...download, sentBytes: "5" }],
  ["download", { ...download, downloadedAt: 1e16 }],
  ["download", { ...download, progress: { ...download.progress, fraction: 2 } }],
  ["download", { ...download, more: 1 }],
  ["owner", ""],
  ["owner", "x".repeat(201)],
  ["live", { ...live, type: "job.succeeded" }],
  ["live", { ...live, type: "item.progress\nevent: job.succeeded" }],
  ["live", { ...live, data: { ...live.data, jobId: "another" } }],
  ["live", { ...live, data: { ...live.data, fraction: 7 } }],
  ["live", { ...live, index: 0.5 }],
  ["live", { ...live, more: 1 }],
  ["live", []],
  ["revoked", "a"],
  ["revoked", [1]],
  ["revoked", many(101, "a")],
  ["figures", { ...figures, steps: [{ ...step, count: 3e10 }] }],
  ["figures", { ...figures, steps: [{ ...step, count: -1 }] }],
  ["figures", { ...figures, steps: many(20, { ...step, count: 50_000 }) }],
  ["figures", { ...figures, steps: many(21, step) }],
  ["figures", { ...figures, steps: [{ ...step, outcome: "made up" }] }],
  ["figures", { ...figures, steps: [{ ...step, seconds: -1 }] }],
  ["figures", { ...figures, dropped: [{ source: "bus", reason: "made up", count: 1 }] }],
  ["figures", { ...figures, lostLines: -1 }],
  ["figures", "[".repeat(100_000)],
  ["figures", "not JSON"],
])("%s: what is not is dropped and counted: %.80j", (topic, message) => {
  const drops = countDrops();
  const text = typeof message === "string" ? message : JSON.stringify(message);
  expect(messageReader(drops)[topic](text)).toBeNull();
  expect(drops.take()).toEqual([{ source: "bus", reason: "malformed", count: 1 }]);
});

test("a flood is one line of the log for each kind, and a count", () => {
  const lines: string[] = [];
  const drops = countDrops({ warn: (message) => void lines.push(message) });
  for (let n = 0; n < 1_000; n++) drops.add("bus", "forged", `topic ${n}`);
  drops.add("broker", "forged", "queue");
  expect(lines).toHaveLength(2);
  expect(drops.take()).toEqual([
    { source: "bus", reason: "forged", count: 1_000 },
    { source: "broker", reason: "forged", count: 1 },
  ]);
  expect(drops.take()).toEqual([]);
});
