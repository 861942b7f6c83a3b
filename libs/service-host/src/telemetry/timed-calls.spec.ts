import { describe, expect, it } from '@jest/globals';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { callsOfThisRequest, KeepCalls, keepingCalls } from './timed-calls.js';

const provider = new NodeTracerProvider({ spanProcessors: [new KeepCalls()] });
const tracer = provider.getTracer('test');
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/** A request in which these spans begin and end. */
const request = (names: readonly string[]): readonly string[] =>
  context.with(keepingCalls(ROOT_CONTEXT), () => {
    for (const name of names) tracer.startActiveSpan(name, { attributes: { to: name } }, (span) => span.end());
    return callsOfThisRequest().map(({ name }) => name);
  });

describe('the calls of a request', () => {
  it('are told with their beginning, duration and attributes', () => {
    context.with(keepingCalls(ROOT_CONTEXT), () => {
      const before = Date.now();
      tracer.startActiveSpan('GET a', { attributes: { 'onbehalf.downstream': 'a' } }, (span) => span.end());
      const [call] = callsOfThisRequest();
      expect(call).toMatchObject({ name: 'GET a', attributes: { 'onbehalf.downstream': 'a' } });
      expect(Math.abs((call?.startedAt ?? 0) - before)).toBeLessThan(1_000);
      expect(call?.duration).toBeGreaterThanOrEqual(0);
    });
  });

  it('are those of this request and of no other', () => {
    expect(request(['a', 'b'])).toEqual(['a', 'b']);
    expect(request(['c'])).toEqual(['c']);
    expect(callsOfThisRequest()).toEqual([]);
  });

  it('are no more than fifty', () => {
    expect(request(Array.from({ length: 60 }, (_, n) => String(n)))).toHaveLength(50);
  });

  it('of a span that is not over yet are not told', () => {
    context.with(keepingCalls(ROOT_CONTEXT), () => {
      const span = trace.setSpan(context.active(), tracer.startSpan('open'));
      expect(context.with(span, callsOfThisRequest)).toEqual([]);
    });
  });
});
