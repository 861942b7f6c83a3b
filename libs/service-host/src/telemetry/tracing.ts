import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  context,
  createContextKey,
  diag,
  DiagLogLevel,
  isSpanContextValid,
  propagation,
  ProxyTracerProvider,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { Logger } from 'pino';
import { pathOf, type Middleware } from '../requests/middleware.js';
import { KeepCalls, keepingCalls } from './timed-calls.js';
import { timeOrderedTraces } from './trace-ids.js';

/** How long the last spans may take to leave. Milliseconds. */
const FLUSH_WITHIN = 2_000;

const REQUEST_ID = createContextKey('request id');

let provider: NodeTracerProvider | undefined;

/** Whether nobody gets to see the span of a request: then its ids are all of it. */
let keptNowhere = false;

/**
 * Registers the tracer and W3C trace context as the propagation of this process. Baggage is left out on purpose:
 * what a stranger writes into it would travel to every service behind.
 * @param exported spans are created and carried on in any case; told whether they also leave the process
 */
export async function startTracing(app: string, exported: boolean, logger: Logger): Promise<void> {
  if (provider) return;
  if (exported) reportTelemetry(logger);
  // what sends them takes memory and time at the start, so only who wants it loads it
  const exporting = exported ? (await import('./span-export.js')).exportingTracer(app, logger) : undefined;
  const spanProcessors = [new KeepCalls(), ...(exporting?.spanProcessors ?? [])];
  provider = new NodeTracerProvider({ idGenerator: timeOrderedTraces, ...exporting, spanProcessors });
  provider.register({ propagator: new W3CTraceContextPropagator() });
  keptNowhere = !exported && process.env['OTEL_TRACES_SAMPLER'] === undefined && isGlobal(provider);
}

/** Not so where something else traces this process already, such as OpenTelemetry's own instrumentation. */
function isGlobal(own: NodeTracerProvider): boolean {
  const global = trace.getTracerProvider();
  return global instanceof ProxyTracerProvider && global.getDelegate() === own;
}

/** Sends the spans that wait, for a limited time. */
export async function flushSpans(): Promise<void> {
  const flushed = provider?.forceFlush().catch(() => undefined);
  await Promise.race([flushed, sleep(FLUSH_WITHIN, undefined, { ref: false })]);
}

/** What OpenTelemetry has to say about itself: dropped spans, a variable that it does not understand. */
export function reportTelemetry(logger: Logger): void {
  const ignore = (): void => undefined;
  const warn = (message: string, ...details: unknown[]): void => logger.warn({ details: details.map(String) }, message);
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

/** Runs each request in a server span that continues the caller's trace. The span holds no query and no header. */
export function traceRequests(app: string): Middleware {
  const tracer = trace.getTracer(app);
  return (request, response, next) => {
    const parent = propagation.extract(context.active(), request.headers);
    const span = keptNowhere ? idsAlone(parent) : recordedSpan(tracer, parent, request, response);
    const traced = keepingCalls(trace.setSpan(parent, span));
    const given = givenId(request);
    if (given === undefined) return context.with(traced, next);
    response.setHeader('x-request-id', given);
    context.with(traced.setValue(REQUEST_ID, given), next);
  };
}

function recordedSpan(tracer: Tracer, parent: Context, request: IncomingMessage, response: ServerResponse): Span {
  const span = tracer.startSpan(`${request.method}`, { kind: SpanKind.SERVER, attributes: describe(request) }, parent);
  response.once('close', () => {
    span.setAttribute('http.response.status_code', response.statusCode);
    if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  return span;
}

/** Continues the caller's trace, or begins one that is sampled, as a recorded span does by default. */
function idsAlone(parent: Context): Span {
  const begun: Omit<SpanContext, 'spanId'> = {
    traceId: timeOrderedTraces.generateTraceId(),
    traceFlags: TraceFlags.SAMPLED,
  };
  const caller = trace.getSpanContext(parent);
  const { traceId, traceFlags, traceState } = caller && isSpanContextValid(caller) ? caller : begun;
  // a flag of a later version of W3C Trace Context must not be handed on
  const sampled = traceFlags & TraceFlags.SAMPLED;
  return trace.wrapSpanContext({
    traceId,
    spanId: timeOrderedTraces.generateSpanId(),
    traceFlags: sampled,
    traceState,
  });
}

/** What is no id, a token say, would only be text that a stranger writes into the log. */
function givenId({ headers }: IncomingMessage): string | undefined {
  const id = headers['x-request-id'];
  return typeof id === 'string' && /^[A-Za-z0-9][\w-]{0,63}$/.test(id) ? id : undefined;
}

function describe(request: IncomingMessage): Record<string, string> {
  return { 'http.request.method': request.method ?? '', 'url.path': pathOf(request) };
}

/** The trace of the current request: the reference that a user can quote and every service's log knows. */
export function currentTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}

/** The current request: by the id that its caller gave it, otherwise at this service alone. */
export function currentRequestId(): string | undefined {
  const given = context.active().getValue(REQUEST_ID) as string | undefined;
  return given ?? trace.getActiveSpan()?.spanContext().spanId;
}
