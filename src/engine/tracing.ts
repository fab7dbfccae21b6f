import type { Context, Span, SpanKind, Tracer } from "@opentelemetry/api";
import type { JobRecord } from "../domain/records.ts";

/** W3C Trace Context, as the header `traceparent` carries it. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** `null` for what is none, or names no trace. */
export function validTraceparent(text: string | undefined): string | null {
  const [, trace, span] = TRACEPARENT.exec(text ?? "") ?? [];
  return trace && span && !/^0+$/.test(trace) && !/^0+$/.test(span) ? text! : null;
}

type Traced = Pick<JobRecord, "id" | "pipeline" | "traceparent">;

/** Spans of what workers do for a job, below the span that its `traceparent` names. */
export interface Tracing {
  /** Runs the work within a span; what it starts itself is below that. */
  during<T>(name: string, job: Traced, attributes: Attributes, work: () => Promise<T>): Promise<T>;
  /** A span of what was done before the job was known. */
  past(name: string, job: Traced, attributes: Attributes, startedAt: number): void;
  /** Of the span that is active here, if there is one. */
  current(): string | null;
}

type Attributes = Record<string, string | number>;
type Api = typeof import("@opentelemetry/api");

const none: Tracing = { during: (_name, _job, _attributes, work) => work(), past() {}, current: () => null };

/** Where `@opentelemetry/api` is installed; without a tracer provider, which the program registers, it does nothing. */
export async function loadTracing(): Promise<Tracing> {
  const api = await import("@opentelemetry/api").catch(() => null);
  return api ? tracing(api) : none;
}

function tracing(api: Api): Tracing {
  const tracer = (): Tracer => api.trace.getTracer("millrace");
  const INTERNAL = api.SpanKind.INTERNAL as SpanKind;

  function parentOf({ traceparent }: Traced): Context | null {
    const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? [];
    if (!traceId || !spanId) return null;
    const parent = { traceId, spanId, traceFlags: Number.parseInt(flags!, 16), isRemote: true };
    return api.trace.setSpanContext(api.context.active(), parent);
  }

  function begin(name: string, job: Traced, given: Attributes, startTime?: number): [Span, Context] | null {
    const parent = parentOf(job);
    if (!parent) return null;
    const attributes = { "millrace.job": job.id, "millrace.pipeline": job.pipeline, ...given };
    const span = tracer().startSpan(name, { kind: INTERNAL, attributes, startTime }, parent);
    return [span, api.trace.setSpan(parent, span)];
  }

  return {
    async during(name, job, attributes, work) {
      const begun = begin(name, job, attributes);
      if (!begun) return work();
      const [span, context] = begun;
      try {
        return await api.context.with(context, work);
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: api.SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
    past(name, job, attributes, startedAt) {
      begin(name, job, attributes, startedAt)?.[0].end();
    },
    current() {
      const active = api.trace.getSpan(api.context.active())?.spanContext();
      if (!active) return null;
      const flags = active.traceFlags.toString(16).padStart(2, "0");
      return validTraceparent(`00-${active.traceId}-${active.spanId}-${flags}`);
    },
  };
}
