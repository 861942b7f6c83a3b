import { Agent } from 'node:https';
import axios, { isAxiosError, type AxiosInstance } from 'axios';
import type { TlsClientAuthentication } from '../client-authentication/client-authentication.js';

/** The longest answer that is read from an authorization server. Bytes. */
export const MAX_ANSWER_BYTES = 64 * 1024;

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
    return this.code === 'ERR_BAD_RESPONSE';
  }
}

/** Sends to the authorization server: no redirects, a bounded answer, the client certificate when there is one. */
export function createTransport(tls?: TlsClientAuthentication): Transport {
  const http = axios.create({
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    responseType: 'text',
    transformResponse: (data: unknown) => data,
    validateStatus: () => true,
    ...(tls && { httpsAgent: clientCertificateAgent(tls) }),
  });
  return (url, request) => send(http, url, request);
}

/** The agent that shows the client certificate. RFC 8705 §2. */
export function clientCertificateAgent({ certificate, privateKey, passphrase, ca }: TlsClientAuthentication): Agent {
  return new Agent({ cert: certificate, key: privateKey, passphrase, ca, keepAlive: true });
}

async function send(http: AxiosInstance, url: string, request: TransportRequest): Promise<Response> {
  const { method, headers, body, signal } = request;
  try {
    const answer = await http.request<string>({ url, method, headers, data: body?.toString(), signal });
    const empty = answer.status < 200 || [204, 205, 304].includes(answer.status);
    return new Response(empty ? null : answer.data, {
      status: Math.max(answer.status, 200),
      headers: Object.entries(answer.headers).flatMap(([name, value]) => headerLines(name, value)),
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new ConnectionFailure(isAxiosError(error) && error.code ? error.code : 'UNKNOWN');
  }
}

function headerLines(name: string, value: unknown): [string, string][] {
  return [value].flat().map((line) => [name, String(line)]);
}
