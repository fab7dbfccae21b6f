import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { givenConfig } from "../../compose/config.ts";
import { loadPipelines } from "../../compose/load-pipelines.ts";

test("a worker of the study keeps no step process ready", async () => {
  const module = fileURLToPath(new URL("./pipelines.ts", import.meta.url));
  const { config } = givenConfig({ pipelines: [module] }, "/");
  const { versions, list } = await loadPipelines(config, []);
  const isolated = versions().filter(({ steps }) => steps.some(({ isolate }) => isolate));
  expect(isolated.map(({ name }) => name)).toEqual([]);
  expect(list().map(({ name }) => name)).toContain("study.work");
});
