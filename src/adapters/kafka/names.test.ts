import { expect, test } from "vitest";
import { deadTopicOf, topicOf } from "./names.ts";

test("a pipeline's queue stays readable", () => {
  expect(topicOf("millrace", "image.convert/convert")).toBe("millrace.image.convert--convert");
});

test("no two queues share a topic, also as Kafka compares them", () => {
  const queues = [
    "a",
    "a/b",
    "a.b",
    "a-b",
    "a_b",
    "a--b",
    "a//b",
    "a/b/",
    "a..b",
    "A/b",
    "a-/b",
    "a/-b",
    "a.dead",
  ];
  queues.push(`a-x${"0".repeat(16)}`, "n".repeat(200), `${"n".repeat(199)}m`, "/".repeat(200));
  // Kafka treats `.` and `_` as the same character in metric names.
  const topics = queues.map((queue) => topicOf("p", queue).replaceAll("_", "."));
  expect(new Set(topics).size).toBe(queues.length);
  const dead = queues.map((queue) => deadTopicOf(topicOf("p", queue)).replaceAll("_", "."));
  expect(new Set([...topics, ...dead]).size).toBe(queues.length * 2);
  for (const topic of [...topics, ...dead]) expect(topic).toMatch(/^[A-Za-z0-9._-]{1,249}$/);
});
