import { proxiedFetch, readBounded } from '@onbehalf/jwt-verification';
import { BACK_OFF, ProviderUnavailable } from './provider-errors.js';
import type { ProviderAnswer } from './provider-profile.js';

/** Milliseconds for one request and its answer. */
export const PROVIDER_TIMEOUT = 5000;

/** Bytes of an answer. */
const MOST_BYTES = 64 * 1024;

/** The longest back-off that a provider may ask for, in seconds. */
const LONGEST_BACK_OFF = 3600;

/**
 * Asks a provider: bounded in time and size, without redirects, through the proxy of the environment.
 * @throws ProviderUnavailable when there is no answer, or it says that the provider is overloaded or broken
 */
export async function askProvider(name: string, url: string, init: RequestInit): Promise<ProviderAnswer> {
  const response = await send(name, url, init);
  const { status } = response;
  const text = await readBounded(response, MOST_BYTES).catch((error: unknown) => unavailable(name, error));
  if (status === 429 || status >= 500) {
    throw new ProviderUnavailable(name, `it answered with status ${status}`, {
      retryAfter: backOffOf(response),
      isAnswer: true,
    });
  }
  return { status, body: toObject(text) };
}

async function send(name: string, url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('accept', 'application/json');
  // some refuse whoever does not say who it is
  headers.set('user-agent', 'onbehalf');
  const bounded = { ...init, headers, redirect: 'error' as const, signal: AbortSignal.timeout(PROVIDER_TIMEOUT) };
  return proxiedFetch(url, bounded).catch((error: unknown) => unavailable(name, error));
}

// the message of a failure may hold the URL, and that a secret
function unavailable(name: string, error: unknown): never {
  const { name: kind = 'Error', cause } = (error ?? {}) as { name?: string; cause?: { code?: unknown } };
  const code = typeof cause?.code === 'string' ? ` (${cause.code})` : '';
  throw new ProviderUnavailable(name, `it cannot be reached: ${kind}${code}`, { cause: error });
}

function backOffOf({ headers }: Response): number {
  const asked = Number(headers.get('retry-after') ?? NaN);
  return Number.isInteger(asked) ? Math.min(Math.max(asked, BACK_OFF), LONGEST_BACK_OFF) : BACK_OFF;
}

/** What is no JSON object says nothing. */
function toObject(text: string): ProviderAnswer['body'] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    // a syntax error would quote what it cannot parse
    return {};
  }
}
