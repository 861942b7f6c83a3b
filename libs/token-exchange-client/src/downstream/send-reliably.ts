import { setTimeout as sleep } from 'node:timers/promises';
import { AxiosHeaders, isAxiosError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { CircuitBreaker, Outcome } from '../exchange/circuit-breaker.js';
import { parseRetryAfter } from '../exchange/retry-after.js';
import { parseBearerChallenge } from './bearer-challenge.js';
import type { Call } from './call.js';
import { DownstreamRefused, DownstreamUnavailable } from './downstream-errors.js';

/** Methods without effect on the server, which may be sent a second time. RFC 9110 §9.2.1. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Milliseconds; a second attempt comes after a random part of it. */
const MAX_JITTER = 200;

/**
 * Sends a call; a safe one a second time after a failed connection, 502 or 503. A service that fails too often is left alone.
 * @throws DownstreamRefused, DownstreamUnavailable
 */
export async function sendReliably(
  http: AxiosInstance,
  breaker: CircuitBreaker,
  service: string,
  call: Call,
): Promise<AxiosResponse<unknown>> {
  try {
    return await sendOnce(http, breaker, service, call);
  } catch (error) {
    if (!SAFE.has(call.method.toUpperCase()) || !isPassing(error)) throw error;
    await sleep(Math.random() * MAX_JITTER, undefined, { signal: call.signal }).catch(() => undefined);
    call.signal?.throwIfAborted();
    return sendOnce(http, breaker, service, call);
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof DownstreamUnavailable) || error.retryAfter !== undefined) return false;
  return error.reason === 'connection' || error.status === 502 || error.status === 503;
}

async function sendOnce(
  http: AxiosInstance,
  breaker: CircuitBreaker,
  service: string,
  call: Call,
): Promise<AxiosResponse<unknown>> {
  const passage = breaker.enter();
  if ('wait' in passage) throw new DownstreamUnavailable(service, 'resting', undefined, passage.wait);
  // an exchange that fails says nothing about the service
  let outcome: Outcome = 'abandoned';
  try {
    const answer = await http.request<unknown>(requestConfig(call));
    outcome = answer.status >= 500 ? 'failure' : 'success';
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw failureOf(service, answer);
  } catch (error) {
    if (!isAxiosError(error)) {
      // a 503 speaks of the service, a 429 of this one caller
      if (error instanceof DownstreamUnavailable && error.status === 503) breaker.rest(error.retryAfter ?? 0);
      throw error;
    }
    if (call.signal?.aborted) throw call.signal.reason;
    outcome = 'failure';
    throw new DownstreamUnavailable(service, reasonOf(error.code));
  } finally {
    passage.record(outcome);
  }
}

// no member without a value: axios merges each with its defaults
function requestConfig({ method, path, body, params, headers, signal, timeout }: Call): AxiosRequestConfig {
  const config: AxiosRequestConfig = { method, url: path, validateStatus: anyStatus };
  if (body !== undefined) config.data = body;
  if (params) config.params = params;
  if (headers) config.headers = { ...headers };
  if (signal) config.signal = signal;
  if (timeout) config.timeout = timeout;
  return config;
}

function anyStatus(): boolean {
  return true;
}

function failureOf(service: string, answer: AxiosResponse<unknown>): DownstreamRefused | DownstreamUnavailable {
  const { status } = answer;
  const headers = AxiosHeaders.from(answer.headers as AxiosHeaders);
  const header = (name: string): string | undefined => headers.get(name)?.toString();
  if (status === 429 || status >= 500) {
    return new DownstreamUnavailable(service, 'status', status, parseRetryAfter(header('retry-after')));
  }
  const challenge = parseBearerChallenge(header('www-authenticate'));
  return new DownstreamRefused({ service, status, ...challenge, body: answer.data });
}

function reasonOf(code: string | undefined): 'timeout' | 'connection' | 'oversized' {
  if (code === 'ECONNABORTED' || code === 'ETIMEDOUT') return 'timeout';
  return code === 'ERR_BAD_RESPONSE' ? 'oversized' : 'connection';
}
