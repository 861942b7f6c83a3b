import { trace } from '@opentelemetry/api';

/** The trace of the request, for its record: what the caller claims it to be (`traceparent`), or one that begins here. */
export function claimedTrace(): { readonly traceId?: string } {
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  return traceId === undefined ? {} : { traceId };
}
