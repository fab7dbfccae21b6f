import { expect, test } from "vitest";
import { pageViolations, violations } from "./check-imports.ts";

function check(files: Record<string, string>): string[] {
  return violations(new Map(Object.entries(files)));
}

const allowed: [path: string, text: string][] = [
  ["src/cli/main.ts", 'import { start } from "../compose/index.ts";'],
  ["src/lab/run.ts", 'import { compose } from "../compose/index.ts";'],
  ["src/lab/workloads/run.ts", 'import { runPipeline } from "../../testing/run-pipeline.ts";'],
  ["src/cli/lab.ts", 'const { study } = await import("./lab/study.ts");'],
  ["src/cli/lab/study.ts", 'import { runStudy } from "../../lab/study/run.ts";'],
  ["src/cli/lab.ts", 'import type { Loop } from "../lab/records.ts";'],
  ["src/server/app.ts", 'import type { Engine } from "../engine/engine.ts";'],
  ["src/server/app.ts", 'import { createApp } from "../http/app.ts";'],
  ["src/http/app.ts", 'import type { Engine } from "../engine/engine.ts";'],
  ["src/engine/intake.ts", 'import {\n  newId,\n  taskId,\n} from "../domain/ids.ts";'],
  [
    "src/adapters/sqlite/store.ts",
    'import { open } from "./writer.ts";\nimport type { Store } from "../../ports/store/store.ts";',
  ],
  ["src/compose/store.ts", 'const { open } = await import("../adapters/sqlite/store.ts");'],
  ["src/compose/store.ts", 'import type { Open } from "../adapters/sqlite/store.ts";'],
  ["src/pipelines/image/pipeline.ts", 'import { definePipeline } from "../../pipeline/pipeline.ts";'],
  ["src/testing/broker.ts", 'import type { Broker } from "../ports/broker.ts";'],
  ["src/testing/broker.test.ts", 'import { open } from "../adapters/sqlite/broker.ts";'],
  ["src/engine/runner.test.ts", 'import { open } from "../adapters/sqlite/store.ts";'],
  ["src/adapters/redis/bus.ts", 'import { gather } from "../gather.ts";'],
  ["src/adapters/redis/bus.test.ts", 'import { url } from "../../../test/services/redis.ts";'],
  ["src/pipelines/image/test-pictures.ts", 'import { run } from "../../testing/run-pipeline.ts";'],
  ["src/adapters/redis/broker.test.ts", 'import { suite } from "../../testing/broker.ts";'],
  ["src/domain/ids.ts", 'import { randomBytes } from "node:crypto";\n// import { fs } from "node:fs";'],
  ["src/compose/config.ts", "const port = process.env.PORT;"],
  ["src/supervisor/child.ts", "fork(path, { env: { ...process.env, NODE_OPTIONS: '' } });"],
  ["src/client/types.ts", 'import type { jobView } from "../domain/views.ts";'],
  ["src/cli/jobs.ts", 'import { createClient } from "../client/index.ts";'],
  ["src/engine/docs.ts", "// process.env is read elsewhere"],
];

test.each(allowed)("%s may say %j", (path, text) => {
  expect(check({ [path]: text })).toEqual([]);
});

const refused: [path: string, text: string, message: string][] = [
  ["src/client/types.ts", 'import { jobView } from "../domain/views.ts";', "client may not import domain"],
  ["src/client/sse.ts", 'import { createParser } from "eventsource-parser";', "client has no dependencies"],
  ["src/engine/intake.ts", 'import { createClient } from "../client/index.ts";', "may not import client"],
  ["src/domain/ids.ts", 'import { x } from "../engine/engine.ts";', "domain may not import engine"],
  ["src/domain/clock.ts", 'import { readFile } from "node:fs/promises";', "domain is pure"],
  ["src/engine/intake.ts", 'import { app } from "../server/app.ts";', "engine may not import server"],
  ["src/server/app.ts", 'const { run } = await import("../lab/run.ts");', "server may not import lab"],
  ["src/compose/run.ts", 'const { run } = await import("../lab/run.ts");', "compose may not import lab"],
  ["src/cli/lab.ts", 'import { run } from "../lab/run.ts";', "cli loads lab only when it is asked for"],
  [
    "src/cli/program.ts",
    'import { study } from "./lab/study.ts";',
    "cli loads lab only when it is asked for",
  ],
  ["src/http/app.ts", 'import { routes } from "../server/routes.ts";', "http may not import server"],
  ["src/engine/intake.ts", 'import { app } from "../http/app.ts";', "engine may not import http"],
  ["src/engine/intake.ts", 'import {\n  a,\n} from "../server/app.ts";', "src/engine/intake.ts:1"],
  ["src/engine/intake.ts", 'export { app } from "../server/app.ts";', "engine may not import server"],
  ["src/engine/intake.ts", 'import "../server/app.ts";', "engine may not import server"],
  ["src/engine/intake.ts", 'const app = await import("../server/app.ts");', "engine may not import server"],
  [
    "src/engine/intake.ts",
    'import { open } from "../adapters/sqlite/store.ts";',
    "engine may not import adapters",
  ],
  ["src/adapters/redis/bus.ts", 'import { x } from "../sqlite/bus.ts";', "may not import another adapter"],
  ["src/adapters/gather.ts", 'import { x } from "./sqlite/bus.ts";', "may not import another adapter"],
  [
    "src/adapters/redis/bus.ts",
    'import { x } from "../../engine/engine.ts";',
    "adapters may not import engine",
  ],
  ["src/compose/store.ts", 'import { open } from "../adapters/sqlite/store.ts";', "lazily"],
  [
    "src/pipelines/image/pipeline.ts",
    'import { x } from "../../ports/blobs.ts";',
    "pipelines may not import ports",
  ],
  [
    "src/testing/broker.ts",
    'import { x } from "../adapters/sqlite/broker.ts";',
    "testing may not import adapters",
  ],
  ["src/engine/intake.ts", 'import { x } from "../testing/clock.ts";', "engine may not import testing"],
  ["src/engine/runner.test.ts", 'import { app } from "../server/app.ts";', "engine may not import server"],
  ["src/server/app.ts", 'import { x } from "../../web/src/x.ts";', "outside of src"],
  ["src/unknown/x.ts", 'import { x } from "../domain/ids.ts";', "unknown may not import domain"],
  ["src/worker/main.ts", "const home = process.env.HOME;", "read the environment"],
  ["src/worker/main.ts", 'import { env } from "node:process";', "read the environment"],
];

test.each(refused)("%s may not say %j", (path, text, message) => {
  expect(check({ [path]: text })).toEqual([expect.stringContaining(message)]);
});

test("files that import each other in a circle are named", () => {
  const files = {
    "src/engine/a.ts": 'import { b } from "./b.ts";',
    "src/engine/b.ts": 'import type { c } from "./c.ts";',
    "src/engine/c.ts": 'import { a } from "./a.ts";',
  };
  expect(check(files)).toEqual([
    "files import each other in a circle: src/engine/a.ts -> src/engine/b.ts -> src/engine/c.ts -> src/engine/a.ts",
  ]);
});

test("rooms of one layer may not import each other in a circle", () => {
  const files = {
    "src/engine/a.ts": 'import { b } from "../webhooks/b.ts";',
    "src/webhooks/c.ts": 'import { d } from "../engine/d.ts";',
  };
  expect(check(files)).toEqual(["rooms import each other in a circle: engine -> webhooks -> engine"]);
});

test("the page has no circles, and imports only what runs in a browser", () => {
  const page = (files: Record<string, string>) => pageViolations(new Map(Object.entries(files)));
  expect(page({ "web/src/api/a.ts": 'import type { Json } from "../../../src/domain/records.ts";' })).toEqual(
    [],
  );
  expect(page({ "web/src/api/a.ts": 'import { x } from "../../../src/engine/engine.ts";' })).toEqual([
    "web/src/api/a.ts:1: the page may not import ../../../src/engine/engine.ts",
  ]);
  expect(
    page({
      "web/src/ui/a.tsx": 'import { B } from "./b.tsx";',
      "web/src/ui/b.tsx": 'import type { A } from "./a.tsx";',
    }),
  ).toEqual([
    "files import each other in a circle: web/src/ui/a.tsx -> web/src/ui/b.tsx -> web/src/ui/a.tsx",
  ]);
  expect(
    page({
      "web/src/ui/a.tsx": 'import type { B } from "../api/b.ts";',
      "web/src/api/c.ts": 'import { D } from "../ui/d.tsx";',
    }),
  ).toEqual(["rooms import each other in a circle: ui -> api -> ui"]);
});
