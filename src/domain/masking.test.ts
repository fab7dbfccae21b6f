import { expect, test } from "vitest";
import { masked } from "./masking.ts";

test.each([
  ["postgres://me:secret@db:5432/app", "postgres://me:***@db:5432/app"],
  ["postgres://me:p/w@rd:x?y#z@db/app", "postgres://me:***@db/app"],
  ["redis://:secret@host:6379", "redis://:***@host:6379"],
  ["amqp://me:a@b@one,you:c@two/x", "amqp://me:***@two/x"],
  ["postgres://me@db/app", "postgres://me@db/app"],
  ["http://127.0.0.1:8080/v1/jobs", "http://127.0.0.1:8080/v1/jobs"],
  ["sqlite:/data/a@b.db", "sqlite:/data/a@b.db"],
  [
    "s3://b/p?endpoint=http://h:1&secretKey=abc&region=r",
    "s3://b/p?endpoint=http://h:1&secretKey=***&region=r",
  ],
  ["kafka://h:1?user=u&pass=a/b@c&ssl=true", "kafka://h:***@c&ssl=true"],
  ["postgres://db/app?password=x&sslmode=require", "postgres://db/app?password=***&sslmode=require"],
  ["redis://h?token=x&api_key=y", "redis://h?token=***&api_key=***"],
  ["host=db user=me passwd=hunter2 dbname=app", "host=db user=me passwd=*** dbname=app"],
  ['{"url":"redis://me:pa\\"ss@h","mail":"a@b"}', '{"url":"redis://me:***@h","mail":"a@b"}'],
  ["two: redis://a:b@c and amqp://d:e@f end", "two: redis://a:***@c and amqp://d:***@f end"],
])("%s is printed as %s", (text, printed) => {
  expect(masked(text)).toBe(printed);
});

test("a long text of a client's choice takes no long time", () => {
  const before = process.threadCpuUsage();
  for (const text of ["a-".repeat(8_000), "://a:".repeat(3_000), "key".repeat(5_000)]) masked(text);
  expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(500);
});
