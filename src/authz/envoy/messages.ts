import type { CheckRequest, Verdict } from "../check.ts";
import { identityHeaders, identityValues } from "../headers.ts";
import { field, fieldOf, numberField, readFields, textOf } from "./wire.ts";

/** `google.rpc.Code`. */
const OK = 0;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

const statusCodes: Record<Verdict["status"], number> = {
  200: OK,
  401: UNAUTHENTICATED,
  403: PERMISSION_DENIED,
  503: UNAVAILABLE,
};

/** Parses an `envoy.service.auth.v3.CheckRequest`. */
export function readCheckRequest(message: Uint8Array): CheckRequest {
  // CheckRequest.attributes (1), AttributeContext.request (4), Request.http (2).
  const http = [1, 4, 2].reduce<Uint8Array | null>(
    (inner, number) => inner && fieldOf(inner, number),
    message,
  );
  const request: CheckRequest = { method: "", uri: null, authorization: undefined, cookie: undefined };
  if (!http) return request;
  readFields(http, (number, value) => {
    if (number === 2) request.method = textOf(value);
    else if (number === 3) readHeader(request, value);
    else if (number === 4) request.uri = textOf(value);
  });
  return request;
}

/** Reads an entry of the map `headers`. Envoy sends lowercase names. */
function readHeader(request: CheckRequest, entry: Uint8Array): void {
  const name = fieldOf(entry, 1);
  if (!name || (name.length !== 6 && name.length !== 13)) return;
  const key = textOf(name);
  if (key !== "authorization" && key !== "cookie") return;
  request[key] = textOf(fieldOf(entry, 2) ?? new Uint8Array());
}

/** Encodes an `envoy.service.auth.v3.CheckResponse`. */
export function writeCheckResponse(verdict: Verdict): Buffer {
  const { status, detail } = verdict;
  const code = statusCodes[status];
  const rpcStatus = code === OK ? new Uint8Array() : Buffer.concat([numberField(1, code), field(2, detail)]);
  const values = identityValues(verdict);
  if (status === 200) {
    // CheckResponse.ok_response (3), OkHttpResponse.headers (2).
    const headers = identityHeaders.map((name, n) => field(2, headerOption(name, values[n]!)));
    return Buffer.concat([field(1, rpcStatus), field(3, Buffer.concat(headers))]);
  }
  const denied = [field(1, numberField(1, status))];
  if (status === 401) denied.push(field(2, headerOption("www-authenticate", "Bearer")));
  if (status === 503) denied.push(field(2, headerOption("retry-after", "1")));
  denied.push(field(3, detail));
  return Buffer.concat([field(1, rpcStatus), field(2, Buffer.concat(denied))]);
}

/** A `HeaderValueOption` that replaces the client's header: `append` (2) is a `BoolValue` of false. */
function headerOption(name: string, value: string): Buffer {
  return Buffer.concat([
    field(1, Buffer.concat([field(1, name), field(2, value)])),
    field(2, new Uint8Array()),
  ]);
}
