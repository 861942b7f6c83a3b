import { Agent } from 'node:https';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { codeOf } from '../connection-code.js';
import { installedAxios, type Axios, type AxiosInstance } from '../optional-axios.js';
import type { TlsClientAuthentication } from '../client-authentication/client-authentication.js';

/** The longest answer that is read from an authorization server. Bytes. */
export const MAX_ANSWER_BYTES = 64 * 1024;

/** What axios calls an answer that is too long. */
const OVERSIZED = 'ERR_BAD_RESPONSE';

/** What `oauth4webapi` gives to its fetch. */
export interface TransportRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: URLSearchParams | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type Transport = (url: string, request: TransportRequest) => Promise<Response>;

/**
 * No answer came. The HTTP client's own error is not passed on: it holds the request, and with it the subject token and
 * the client's credentials.
 */
export class ConnectionFailure extends Error {
  constructor(readonly code: string) {
    super(`The connection failed: ${code}`);
    this.name = 'ConnectionFailure';
  }

  /** The answer is longer than {@link MAX_ANSWER_BYTES}. */
  get oversized(): boolean {
    return this.code === OVERSIZED;
  }
}

/**
 * Sends to the authorization server: no redirects, a bounded answer, the client certificate when there is one.
 * @throws ConfigurationError for a client certificate without axios, as `fetch` shows none
 */
export function createTransport(tls?: TlsClientAuthentication): Transport {
  const axios = installedAxios();
  if (axios) return axiosTransport(axios, tls);
  if (!tls) return sendByFetch;
  throw new ConfigurationError(
    'tokenExchange.clientAuthentication.method',
    'tls_client_auth',
    'another method, or this one with axios: npm install axios @nestjs/axios',
  );
}

function axiosTransport(axios: Axios, tls: TlsClientAuthentication | undefined): Transport {
  const http = axios.default.create({
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    responseType: 'text',
    transformResponse: (data: unknown) => data,
    validateStatus: () => true,
    ...(tls && { httpsAgent: clientCertificateAgent(tls) }),
  });
  return (url, request) => sendByAxios(axios, http, url, request);
}

async function sendByFetch(url: string, { method, headers, body, signal }: TransportRequest): Promise<Response> {
  try {
    const init = { method, headers, body: body ?? null, signal: signal ?? null, redirect: 'manual' } as const;
    const { status, headers: answered, body: stream } = await fetch(url, init);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of (stream ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) throw new ConnectionFailure(OVERSIZED);
      chunks.push(chunk);
    }
    return new Response(isEmpty(status) ? null : Buffer.concat(chunks), { status, headers: answered });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof ConnectionFailure ? error : new ConnectionFailure(codeOf(error) || 'UNKNOWN');
  }
}

/** The agent that shows the client certificate. RFC 8705 §2. */
export function clientCertificateAgent({ certificate, privateKey, passphrase, ca }: TlsClientAuthentication): Agent {
  return new Agent({ cert: certificate, key: privateKey, passphrase, ca, keepAlive: true });
}

async function sendByAxios(
  axios: Axios,
  http: AxiosInstance,
  url: string,
  request: TransportRequest,
): Promise<Response> {
  const { method, headers, body, signal } = request;
  try {
    const answer = await http.request<string>({ url, method, headers, data: body?.toString(), signal });
    return new Response(isEmpty(answer.status) ? null : answer.data, {
      status: Math.max(answer.status, 200),
      headers: Object.entries(answer.headers).flatMap(([name, value]) => headerLines(name, value)),
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new ConnectionFailure(axios.isAxiosError(error) && error.code ? error.code : 'UNKNOWN');
  }
}

function headerLines(name: string, value: unknown): [string, string][] {
  return [value].flat().map((line) => [name, String(line)]);
}

/** Statuses that have no body. */
function isEmpty(status: number): boolean {
  return status < 200 || [204, 205, 304].includes(status);
}
