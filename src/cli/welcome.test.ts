import { expect, test } from "vitest";
import { welcome } from "./welcome.ts";

const url = "http://127.0.0.1:8080";
const config = { publicUrl: null, workers: 2, data: "/srv/millrace" };

test("a start says where everything is", () => {
  const lines = welcome({ url }, config);
  expect(lines[0]).toBe(`Millrace is ready: ${url}`);
  expect(lines).toContain(`  API      ${url}/docs`);
  expect(lines).toContain("  Data     /srv/millrace");
  expect(lines).toContain("  Workers  2");
  expect(lines.join()).not.toContain("Pipelines");
});

test("own pipelines are listed, and the public address is the one to open", () => {
  const pipelines = Array.from({ length: 10 }, (_, n) => `own.${n}`);
  const lines = welcome(
    { url, app: "/faces", pipelines },
    { ...config, publicUrl: "https://example.org/", workers: "0..4" },
  );
  expect(lines[0]).toBe(`Millrace is ready: https://example.org (it listens on ${url})`);
  expect(lines).toContain("  App        open https://example.org/faces/");
  expect(lines).toContain("  Pipelines  own.0, own.1, own.2, own.3, own.4, own.5, own.6, own.7 and 2 more");
  expect(lines).toContain("  Workers    0 to 4, following demand");
});
