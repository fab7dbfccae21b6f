import type { ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { MillraceError } from "../../errors.ts";
import type { Check, CheckRequest, Verdict } from "../check.ts";
import { readCheckRequest, writeCheckResponse } from "./messages.ts";

export interface GrpcServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Maximum size of a request. Its headers are smaller. */
const MOST_BYTES = 256 * 1024;

/** Serves `envoy.service.auth.v3.Authorization/Check`. Throws `config_invalid` without its package or a usable port. */
export async function startGrpc(
  check: Check,
  { host, port }: { host: string; port: number },
  onError: (error: unknown) => void,
): Promise<GrpcServer> {
  const grpc = await import("@grpc/grpc-js").catch((cause: Error) => {
    const text =
      "MILLRACE_AUTHZ_GRPC_PORT needs the package @grpc/grpc-js, which is not installed. Run: npm install @grpc/grpc-js";
    throw new MillraceError("config_invalid", text, { cause });
  });
  const server = new grpc.Server({ "grpc.max_receive_message_length": MOST_BYTES });
  const method = {
    path: "/envoy.service.auth.v3.Authorization/Check",
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: Buffer) => message,
    requestDeserialize: readCheckRequest,
    responseSerialize: writeCheckResponse,
    responseDeserialize: (message: Buffer) => message,
  } as const;
  server.addService(
    { Check: method },
    {
      Check(call: ServerUnaryCall<CheckRequest, Verdict>, answer: sendUnaryData<Verdict>) {
        const fail = (error: unknown) => {
          onError(error);
          answer(null, { status: 503, holder: null, isStale: false, detail: "The access check failed." });
        };
        try {
          const verdict = check(call.request);
          if (verdict instanceof Promise) verdict.then((found) => answer(null, found)).catch(fail);
          else answer(null, verdict);
        } catch (error) {
          fail(error);
        }
      },
    },
  );
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, given) =>
      error ? reject(error) : resolve(given),
    );
  }).catch((cause: Error) => {
    const text = `Port ${port} cannot be used for gRPC: ${cause.message}. Choose another with MILLRACE_AUTHZ_GRPC_PORT.`;
    throw new MillraceError("config_invalid", text, { cause });
  });
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), 5_000);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
