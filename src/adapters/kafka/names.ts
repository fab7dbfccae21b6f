import { createHash } from "node:crypto";

/**
 * The topic of a queue. It may have letters, digits, `.`, `_` and `-`, and Kafka rejects two topics that differ only in
 * `.` and `_`. So `/` becomes `--`, and a name that could collide with another (or ends like a dead-letter topic) gets
 * a hash: `image.convert/convert` is `millrace.image.convert--convert`.
 */
export function topicOf(prefix: string, queue: string): string {
  const plain =
    queue.length <= 200 &&
    !/_|--|-\/|\/-|\.\.|\.dead$|-x[0-9a-f]{16}$/.test(queue) &&
    /^[A-Za-z0-9].*[A-Za-z0-9]$/.test(queue);
  const readable = queue.replaceAll("/", "--").replaceAll(/[^A-Za-z0-9.-]/g, "-");
  if (plain && readable.length <= 180) return `${prefix}.${readable}`;
  const hash = createHash("sha256").update(queue).digest("hex").slice(0, 16);
  return `${prefix}.${readable.slice(0, 150)}-x${hash}`;
}

/** The dead-letter topic of a topic. */
export function deadTopicOf(topic: string): string {
  return `${topic}.dead`;
}
