import { HttpService } from '@nestjs/axios';
import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { JWTPayload } from 'jose';
import type { CircuitBreaker } from '../exchange/circuit-breaker.js';
import { interceptAxios } from './axios-on-behalf.js';
import type { Call, CallOptions } from './call.js';
import type { DownstreamAuthorizer } from './downstream-authorizer.js';
import { UnexpectedAnswer } from './downstream-errors.js';
import { sendReliably } from './send-reliably.js';
import { validate } from './standard-schema.js';

/** Milliseconds that a call may take unless configured. */
const DEFAULT_TIMEOUT = 10_000;
const DEFAULT_MAX_ANSWER = 10 * 1024 * 1024;

/**
 * Calls one downstream service on behalf of the subject of the current request.
 * All methods throw NoSubjectToken, ExchangeRefused, ExchangeUnavailable, DownstreamRefused, DownstreamUnavailable,
 * UnexpectedAnswer.
 */
export class DownstreamClient {
  readonly name: string;
  /** The HTTP client underneath, which also sends exchanged tokens; its errors are axios errors. */
  readonly http: HttpService;
  readonly authorizer: DownstreamAuthorizer;
  readonly #breaker: CircuitBreaker;

  constructor(authorizer: DownstreamAuthorizer, breaker: CircuitBreaker, axiosConfig: AxiosRequestConfig = {}) {
    const { name, baseUrl, timeout = DEFAULT_TIMEOUT, maxAnswerBytes = DEFAULT_MAX_ANSWER } = authorizer.definition;
    this.name = name;
    this.authorizer = authorizer;
    this.#breaker = breaker;
    // a redirect would carry the token to an address that nobody configured
    const fixed = { baseURL: baseUrl, maxRedirects: 0, allowAbsoluteUrls: false, timeout };
    const instance = axios.create({ ...axiosConfig, ...fixed, maxContentLength: maxAnswerBytes });
    interceptAxios(instance, this);
    this.http = new HttpService(instance);
  }

  get<T = unknown>(path: string, options?: CallOptions<T>): Promise<T> {
    return this.request({ ...options, method: 'GET', path });
  }

  delete<T = unknown>(path: string, options?: CallOptions<T>): Promise<T> {
    return this.request({ ...options, method: 'DELETE', path });
  }

  post<T = unknown>(path: string, body?: unknown, options?: CallOptions<T>): Promise<T> {
    return this.request({ ...options, method: 'POST', path, body });
  }

  put<T = unknown>(path: string, body?: unknown, options?: CallOptions<T>): Promise<T> {
    return this.request({ ...options, method: 'PUT', path, body });
  }

  patch<T = unknown>(path: string, body?: unknown, options?: CallOptions<T>): Promise<T> {
    return this.request({ ...options, method: 'PATCH', path, body });
  }

  /** Sends the call and answers with the body. */
  async request<T = unknown>(call: Call<T>): Promise<T> {
    const { data } = await this.send(call);
    if (!call.schema) return data as T;
    const result = await validate(call.schema, data);
    if ('issues' in result) throw new UnexpectedAnswer(this.name, result.issues);
    return result.value;
  }

  /** Sends the call and answers with status, headers and body. */
  send(call: Call): Promise<Pick<AxiosResponse<unknown>, 'status' | 'headers' | 'data'>> {
    return sendReliably(this.http.axiosRef, this.#breaker, this.name, call);
  }

  /** The same service, called by this service for itself, by client credentials: for jobs that no user stands behind. */
  asService(): DownstreamClient {
    const httpsAgent: unknown = this.http.axiosRef.defaults.httpsAgent;
    return new DownstreamClient(this.authorizer.asService(), this.#breaker, { httpsAgent });
  }

  /**
   * The claims of the token that a call would be sent with now, unverified, for display; empty when it is no JWT.
   * @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable
   */
  async exchangedClaims(): Promise<JWTPayload> {
    return (await this.authorizer.obtain()).token.claims() ?? {};
  }
}
