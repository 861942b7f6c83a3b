import {
  context,
  propagation,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type SpanKind,
} from '@opentelemetry/api';
import { formatScope } from '@onbehalf/oauth-protocol';
import type { TokenRequest } from '../tokens/token-request.js';

const SCOPE = '@onbehalf/token-exchange-client';

/**
 * Runs work inside of a span. Spans hold names, never token material: an error is told by its class, its message stays out.
 */
export function inSpan<T>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return trace.getTracer(SCOPE).startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setAttribute('error.type', errorType(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The headers that carry the current trace context on. W3C Trace Context §3, when the application has set that propagator. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'error' in error && typeof error.error === 'string' ? `${error.name} ${error.error}` : error.name;
}

/** What a span tells of an exchange. `domain`: the other one that it goes on in */
export function exchangeAttributes(request: TokenRequest, domain: string | undefined): Attributes {
  const { subject, audiences, resources, scopes } = request;
  return {
    'onbehalf.grant': subject ? 'exchange' : 'client_credentials',
    'onbehalf.audience': [...audiences, ...resources],
    'onbehalf.scope': formatScope(scopes),
    ...(domain !== undefined && { 'onbehalf.domain': domain }),
  };
}
