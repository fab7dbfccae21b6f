import { expect, test } from "vitest";
import { matchRoute, paths } from "./routes.ts";

test("every path leads back to its page", () => {
  expect(matchRoute(paths.convert)).toEqual({ page: "convert" });
  expect(matchRoute(paths.jobs)).toEqual({ page: "jobs" });
  expect(matchRoute(paths.job("a/b c"))).toEqual({ page: "job", id: "a/b c" });
  expect(matchRoute(paths.pipelines)).toEqual({ page: "pipelines" });
  expect(matchRoute(paths.pipeline("image.convert"))).toEqual({ page: "pipeline", name: "image.convert" });
  for (const page of [
    "schedules",
    "login",
    "register",
    "reset",
    "account",
    "users",
    "notifications",
  ] as const) {
    expect(matchRoute(paths[page])).toEqual({ page });
  }
});

test("the console has sections, and some of them pages", () => {
  expect(matchRoute(paths.console())).toEqual({ page: "console", section: "overview", id: null });
  expect(matchRoute(paths.console("queues"))).toEqual({ page: "console", section: "queues", id: null });
  expect(matchRoute(paths.console("jobs", "a/b"))).toEqual({ page: "console", section: "jobs", id: "a/b" });
  expect(matchRoute(paths.webhook("w"))).toEqual({ page: "webhooks", id: "w" });
  for (const path of ["/admin/nothing", "/admin/queues/1", "/admin/jobs/1/2", "/admin/overview"]) {
    expect(matchRoute(path)).toEqual({ page: "missing" });
  }
});

test("anything else is missing", () => {
  expect(matchRoute("/nowhere")).toEqual({ page: "missing" });
  expect(matchRoute("/login/1")).toEqual({ page: "missing" });
  expect(matchRoute("/jobs/1/2")).toEqual({ page: "missing" });
  expect(matchRoute("/jobs/%E0%A4%A")).toEqual({ page: "job", id: "%E0%A4%A" });
});
