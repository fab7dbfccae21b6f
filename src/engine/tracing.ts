import type { Context, Span, SpanKind, Tracer } from "@opentelemetry/api";
import type { JobRecord } from "../domain/records.ts";

/** W3C Trace Context, as in the `traceparent` header. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** `null` if it is invalid or names no trace. */
export function validTraceparent(text: string | undefined): string | null {
  const [, trace, span] = TRACEPARENT.exec(text ?? "") ?? [];
  return trace && span && !/^0+$/.test(trace) && !/^0+$/.test(span) ? text! : null;
}

/** The trace id in a `traceparent`; `undefined` if it names none. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return validTraceparent(traceparent) === null ? undefined : TRACEPARENT.exec(traceparent!)![1];
}

type Traced = Pick<JobRecord, "id" | "pipeline" | "traceparent">;

/** Spans of the work done for a job, below the span in its `traceparent`. */
export interface Tracing {
  /** Runs the work within a span; spans that it starts are its children. */
  during<T>(name: string, job: Traced, attributes: Attributes, work: () => Promise<T>): Promise<T>;
  /** Records a span of work done before the job was known. */
  past(name: string, job: Traced, attributes: Attributes, startedAt: number): void;
  /** The `traceparent` of the active span, if any. */
  current(): string | null;
}

type Attributes = Record<string, string | number>;
type Api = typeof import("@opentelemetry/api");

const none: Tracing = { during: (_name, _job, _attributes, work) => work(), past() {}, current: () => null };

/** Uses `@opentelemetry/api` if it is installed. Does nothing unless the program registers a tracer provider. */
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
