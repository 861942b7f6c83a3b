import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { context, propagation } from '@opentelemetry/api';
import { pino } from 'pino';
import { callsOfThisRequest } from './timed-calls.js';
import { currentRequestId, currentTraceId, startTracing, traceRequests } from './tracing.js';

await startTracing('test', false, pino({ level: 'silent' }));
const trace = traceRequests('test');

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

interface Told {
  readonly traceId: string | undefined;
  readonly requestId: string | undefined;
  readonly passedOn: Readonly<Record<string, string>>;
  readonly calls: number;
}

/** What a request with these headers tells while it is answered, and what it passes on. */
function request(headers: IncomingMessage['headers']): Told {
  let told: Told | undefined;
  const response = { setHeader: () => undefined, once: () => undefined } as unknown as ServerResponse;
  trace({ method: 'POST', url: '/token', headers } as IncomingMessage, response, () => {
    const passedOn: Record<string, string> = {};
    propagation.inject(context.active(), passedOn);
    told = {
      traceId: currentTraceId(),
      requestId: currentRequestId(),
      passedOn,
      calls: callsOfThisRequest().length,
    };
  });
  return told!;
}

describe('W3C Trace Context §3.2: a request of which no span leaves', () => {
  it.each(['00', '01'])('continues the trace of its caller, with its flags %s and its state', (flags) => {
    const { traceId, requestId, passedOn } = request({
      traceparent: `00-${TRACE}-${SPAN}-${flags}`,
      tracestate: 'vendor=1',
    });
    expect(traceId).toBe(TRACE);
    expect(requestId).toMatch(/^[0-9a-f]{16}$/);
    expect(requestId).not.toBe(SPAN);
    expect(passedOn).toEqual({ traceparent: `00-${TRACE}-${requestId}-${flags}`, tracestate: 'vendor=1' });
  });

  it.each([
    undefined,
    '',
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}x-${SPAN}-01`,
  ])('begins one that is sampled where the caller has none that is valid: %s', (traceparent) => {
    const { traceId, requestId, passedOn } = request(traceparent === undefined ? {} : { traceparent });
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(traceId).not.toBe(TRACE);
    expect(passedOn).toEqual({ traceparent: `00-${traceId}-${requestId}-01` });
  });

  it('is known by the id that its caller gave it', () => {
    expect(request({ 'x-request-id': 'order-7' })).toMatchObject({ requestId: 'order-7', calls: 0 });
  });
});
