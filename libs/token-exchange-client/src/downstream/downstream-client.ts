import type { Agent } from 'node:https';
import type { JWTPayload } from 'jose';
import type { CircuitBreaker } from '../exchange/circuit-breaker.js';
import {
  installedAxios,
  toHttpService,
  type AxiosInstance,
  type AxiosResponse,
  type HttpService,
} from '../optional-axios.js';
import type { AnswerBody, Call, CallOptions, ResponseType } from './call.js';
import type { DownstreamAuthorizer } from './downstream-authorizer.js';
import { UnexpectedAnswer } from './downstream-errors.js';
import type { SendCall } from './raw-answer.js';
import { readAnswer, readFailure } from './read-answer.js';
import { instanceFor, sendByAxios } from './send-by-axios.js';
import { sendByFetch } from './send-by-fetch.js';
import { validate } from './standard-schema.js';

/**
 * Calls one downstream service on behalf of the subject of the current request.
 * All methods throw NoSubjectToken, ExchangeRefused, ExchangeUnavailable, DownstreamRefused, DownstreamUnavailable,
 * UnexpectedAnswer. Calls go through axios where it is installed, otherwise through `fetch`; callers see no difference.
 */
export class DownstreamClient {
  readonly name: string;
  readonly authorizer: DownstreamAuthorizer;
  /** Shared by all ways to call this service. */
  readonly breaker: CircuitBreaker;
  readonly #axios: AxiosInstance | undefined;
  readonly #send: SendCall;
  #http: HttpService | undefined;

  /** @param httpsAgent shows the client's certificate, for tokens that are bound to it; axios alone takes one */
  constructor(authorizer: DownstreamAuthorizer, breaker: CircuitBreaker, httpsAgent?: Agent) {
    this.name = authorizer.definition.name;
    this.authorizer = authorizer;
    this.breaker = breaker;
    const axios = installedAxios();
    this.#axios = axios && instanceFor(axios, this, httpsAgent);
    this.#send = axios && this.#axios ? sendByAxios(axios, this.#axios, this.name) : sendByFetch(this);
  }

  /**
   * The HTTP client underneath, which also sends exchanged tokens; its errors are axios errors.
   * @throws Error where `axios` or `@nestjs/axios` is not installed
   */
  get http(): HttpService {
    return (this.#http ??= toHttpService('DownstreamClient.http', this.#axios));
  }

  /** Sends GET and answers with the body. */
  get<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'GET', path });
  }

  /** Sends DELETE and answers with the body. */
  delete<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'DELETE', path });
  }

  /** Sends POST and answers with the body. */
  post<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    body?: unknown,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'POST', path, body });
  }

  /** Sends PUT and answers with the body. */
  put<T = unknown, R extends ResponseType = 'json'>(
    path: string,
    body?: unknown,
    options?: CallOptions<T, R>,
  ): Promise<AnswerBody<T, R>> {
    return this.request<T, R>({ ...options, method: 'PUT', path, body });
  }

  /** Sends PATCH and answers with the body. */
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
      throw new TypeError(`TokenExchangeModule: a schema is for JSON, not for responseType ${responseType}`);
    }
    const { data } = await this.send(call);
    if (!schema) return data as AnswerBody<T, R>;
    const result = await validate(schema, data);
    if ('issues' in result) throw new UnexpectedAnswer(this.name, result.issues);
    return result.value as AnswerBody<T, R>;
  }

  /** Sends the call and answers with status, headers and body. */
  async send(call: Call): Promise<Pick<AxiosResponse, 'status' | 'headers' | 'data'>> {
    const answer = await this.#send(call);
    const { status } = answer;
    const headers = answer.headers as AxiosResponse['headers'];
    if (status < 200 || status >= 300) throw await readFailure(this.name, answer);
    return { status, headers, data: readAnswer(this.name, answer, call.responseType ?? 'json') };
  }

  /** The same service, called by this service for itself, by client credentials: for jobs that no user stands behind. */
  asService(): DownstreamClient {
    const httpsAgent = this.#axios?.defaults.httpsAgent as Agent | undefined;
    return new DownstreamClient(this.authorizer.asService(), this.breaker, httpsAgent);
  }

  /**
   * The claims of the token that a call would be sent with now, unverified, for display; empty when it is no JWT.
   * @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable
   */
  async exchangedClaims(): Promise<JWTPayload> {
    return (await this.authorizer.obtain()).token.claims() ?? {};
  }
}
