import type { IncomingMessage } from 'node:http';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { pathOf, type Middleware } from './middleware.js';

let provider: NodeTracerProvider | undefined;

/**
 * Registers the tracer and W3C trace context as the propagation of this process. Baggage is left out on purpose:
 * what a stranger writes into it would travel to every service behind.
 */
export function startTracing(): void {
  if (provider) return;
  provider = new NodeTracerProvider();
  provider.register({ propagator: new W3CTraceContextPropagator() });
}

/** Runs each request in a server span that continues the caller's trace. The span holds no query and no header. */
export function traceRequests(app: string): Middleware {
  const tracer = trace.getTracer(app);
  return (request, response, next) => {
    const parent = propagation.extract(context.active(), request.headers);
    const span = tracer.startSpan(
      `${request.method}`,
      { kind: SpanKind.SERVER, attributes: describe(request) },
      parent,
    );
    response.once('close', () => {
      span.setAttribute('http.response.status_code', response.statusCode);
      if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    context.with(trace.setSpan(parent, span), next);
  };
}

function describe(request: IncomingMessage): Record<string, string> {
  return { 'http.request.method': request.method ?? '', 'url.path': pathOf(request) };
}

/** The trace of the current request: the reference that a user can quote and every service's log knows. */
export function currentTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}

/** The current request at this service alone. */
export function currentRequestId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().spanId;
}
