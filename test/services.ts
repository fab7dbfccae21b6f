import { addressOf, type ServiceAddress } from "../src/testing/services.ts";

/**
 * URLs of the services that whole-system tests use, as printed by `npm run services`.
 * @param name isolates a test's data, as a schema or prefix
 */
export function serviceUrls(name: string) {
  const { env } = process;
  return {
    postgres: within(
      env.MILLRACE_TEST_POSTGRES ?? "postgres://postgres@127.0.0.1:5432/test",
      "schema",
      name.replaceAll("-", "_"),
    ),
    redis: within(env.MILLRACE_TEST_REDIS ?? "redis://127.0.0.1:6379/4", "prefix", name),
    rabbitmq: within(env.MILLRACE_TEST_AMQP ?? "amqp://guest:guest@127.0.0.1:5672", "prefix", name),
    kafka: within(env.MILLRACE_TEST_KAFKA ?? "kafka://127.0.0.1:19092", "prefix", name),
    sqs: within(env.MILLRACE_TEST_SQS ?? "sqs://test:test@127.0.0.1:14566/?region=us-east-1", "prefix", name),
    s3: (
      env.MILLRACE_TEST_S3 ??
      "s3://millrace:millrace-secret@millrace-test/?endpoint=http%3A%2F%2F127.0.0.1%3A14567&region=us-east-1"
    ).replace("/?", `/${name}/?`),
  };
}

/** Host and port of the object store in an `s3:` URL. */
export function s3Address(url: string): ServiceAddress {
  return addressOf(new URL(url).searchParams.get("endpoint") ?? "https://s3.amazonaws.com", 443);
}

function within(url: string, parameter: string, value: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}${parameter}=${encodeURIComponent(value)}`;
}
