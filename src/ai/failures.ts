import { CutStream } from "./provider.ts";
import { type Refusal, refusalOf } from "./refusals.ts";
import { loadSdk } from "./sdk.ts";

const WORDS = 200;

/** Classifies an error of the SDK or of the network. */
export async function refusalOfError(error: unknown): Promise<Refusal> {
  const { APICallError } = await loadSdk();
  if (APICallError.isInstance(error)) {
    const { statusCode: status, responseHeaders: headers = {}, responseBody: body = "" } = error;
    // An unreadable answer with status 200 is the provider's fault.
    if (status !== undefined && status >= 400) return refusalOf({ status, headers, body });
    return {
      kind: "down",
      why: shortened(status === undefined ? causeOf(error) : "its answer could not be read"),
    };
  }
  if (error instanceof CutStream) return { kind: "down", why: "its stream was cut off" };
  return { kind: "down", why: shortened(causeOf(error)) };
}

/** The innermost message, because outer ones contain URLs. */
function causeOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause !== undefined) inner = inner.cause;
  const { code, message } = inner as NodeJS.ErrnoException;
  return code ?? message ?? "the request failed";
}

function shortened(text: string): string {
  return text.slice(0, WORDS);
}
