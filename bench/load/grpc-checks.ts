import * as grpc from "@grpc/grpc-js";
import { field } from "../../src/authz/envoy/wire.ts";
import { percentile } from "../statistics.ts";
import type { Checked } from "./checks.ts";

/** Sends requests as Envoy does, each with one of many tokens. */
export async function askGrpc(
  port: number,
  tokens: readonly string[],
  { inFlight, seconds }: { inFlight: number; seconds: number },
): Promise<Checked> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const requests = tokens.map(requestWith);
  const times: number[] = [];
  let failures = 0;
  let next = 0;
  const begun = performance.now();
  const ask = () =>
    new Promise<void>((resolve) => {
      const at = performance.now();
      client.makeUnaryRequest(
        "/envoy.service.auth.v3.Authorization/Check",
        (message: Buffer) => message,
        (message: Buffer) => message,
        requests[next++ % requests.length]!,
        (error, answer) => {
          times.push(performance.now() - at);
          // An empty status (length 0) has no code, which means OK.
          if (error || !answer || answer[1] !== 0) failures++;
          resolve();
        },
      );
    });
  const loop = async () => {
    while (performance.now() - begun < seconds * 1_000) await ask();
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  const took = (performance.now() - begun) / 1_000;
  client.close();
  return {
    perSecond: times.length / took,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    failed: failures / Math.max(1, times.length),
  };
}

function requestWith(token: string): Buffer {
  const header = (name: string, value: string) => field(3, Buffer.concat([field(1, name), field(2, value)]));
  const http = [
    field(2, "GET"),
    header("authorization", `Bearer ${token}`),
    header("accept", "*/*"),
    field(4, "/a"),
  ];
  return field(1, field(4, field(2, Buffer.concat(http))));
}
