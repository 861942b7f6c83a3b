import type { Readable } from 'node:stream';
import { HttpService } from '@nestjs/axios';
import axios, { isAxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { JWTPayload } from 'jose';
import type { CircuitBreaker } from '../exchange/circuit-breaker.js';
import { interceptAxios } from './axios-on-behalf.js';
import type { AnswerBody, Call, CallOptions, ResponseType } from './call.js';
import { isConnectionFailure, isOversized } from './connection-failure.js';
import type { DownstreamAuthorizer } from './downstream-authorizer.js';
import { DownstreamUnavailable, UnexpectedAnswer } from './downstream-errors.js';
import { readAnswer, readFailure } from './read-answer.js';
import { validate } from './standard-schema.js';

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
  /** Shared by all ways to call this service. */
  readonly breaker: CircuitBreaker;

  constructor(authorizer: DownstreamAuthorizer, breaker: CircuitBreaker, axiosConfig: AxiosRequestConfig = {}) {
    const { name, baseUrl, maxAnswerBytes = DEFAULT_MAX_ANSWER } = authorizer.definition;
    this.name = name;
    this.authorizer = authorizer;
    this.breaker = breaker;
    const instance = axios.create({ ...axiosConfig, baseURL: baseUrl, maxContentLength: maxAnswerBytes });
    interceptAxios(instance, this);
    this.http = new HttpService(instance);
  }

  get<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'GET', path });
  }

  delete<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'DELETE', path });
  }

  post<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    body?: unknown,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'POST', path, body });
  }

  put<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    body?: unknown,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'PUT', path, body });
  }

  patch<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    body?: unknown,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'PATCH', path, body });
  }

  /** Sends the call and answers with the body. */
  async request<T = unknown, R extends ResponseType = 'json'>(call: Call<T, R>): Promise<AnswerBody<T, R>> {
    const { schema, responseType } = call;
    if (schema && responseType !== undefined && responseType !== 'json') {
      throw new TypeError(`A schema is for JSON, not for responseType ${responseType}`);
    }
    const { data } = await this.send(call);
    if (!schema) return data as AnswerBody<T, R>;
    const result = await validate(schema, data);
    if ('issues' in result) throw new UnexpectedAnswer(this.name, result.issues);
    return result.value as AnswerBody<T, R>;
  }

  /** Sends the call and answers with status, headers and body. */
  async send(call: Call): Promise<Pick<AxiosResponse<unknown>, 'status' | 'headers' | 'data'>> {
    const answer = await this.#ask(call);
    const { status, headers } = answer;
    if (status < 200 || status >= 300) throw await readFailure(this.name, answer);
    return { status, headers, data: readAnswer(this.name, answer, call.responseType ?? 'json') };
  }

  /** The same service, called by this service for itself, by client credentials: for jobs that no user stands behind. */
  asService(): DownstreamClient {
    const httpsAgent: unknown = this.http.axiosRef.defaults.httpsAgent;
    return new DownstreamClient(this.authorizer.asService(), this.breaker, { httpsAgent });
  }

  /**
   * The claims of the token that a call would be sent with now, unverified, for display; empty when it is no JWT.
   * @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable
   */
  async exchangedClaims(): Promise<JWTPayload> {
    return (await this.authorizer.obtain()).token.claims() ?? {};
  }

  async #ask(call: Call): Promise<AxiosResponse<Uint8Array | Readable>> {
    try {
      return await this.http.axiosRef.request<Uint8Array | Readable>(requestConfig(call));
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      if (!isAxiosError(error)) throw error;
      if (isOversized(error)) throw new DownstreamUnavailable(this.name, 'oversized');
      throw new DownstreamUnavailable(this.name, isConnectionFailure(error) ? 'connection' : 'unsent');
    }
  }
}

// no member without a value: axios merges each with its defaults
function requestConfig(call: Call): AxiosRequestConfig {
  const { method, path, body, params, headers, signal, timeout, responseType } = call;
  const stream = responseType === 'stream';
  const config: AxiosRequestConfig = { method, url: path, validateStatus: anyStatus, transformResponse: asItCame };
  config.responseType = stream ? 'stream' : 'arraybuffer';
  // who reads it piece by piece needs no bound
  if (stream) config.maxContentLength = -1;
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

function asItCame(data: unknown): unknown {
  return data;
}
