import {
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
  type AuthorizationServer,
  type ClientAuth,
} from 'oauth4webapi';
import type { DpopProofs } from '../dpop/dpop-proofs.js';
import { traceHeaders } from '../observability/spans.js';
import type { Preset } from '../presets/preset.js';
import type { ExchangedToken } from '../tokens/exchanged-token.js';
import { ExchangeUnavailable } from '../tokens/exchange-errors.js';
import type { ServerMetadata } from './server-metadata.js';
import { parseRetryAfter } from './retry-after.js';
import { readRefusal, readTokenAnswer, type AnswerExpectations, type JsonObject } from '../tokens/token-answer.js';
import { checkServiceToken } from './service-token.js';
import { ConnectionFailure, type Transport } from './token-endpoint-transport.js';
import type { TokenRequest } from '../tokens/token-request.js';

export interface TokenEndpointOptions {
  readonly metadata: ServerMetadata;
  readonly clientId: string;
  readonly authentication: ClientAuth;
  /** RFC 8705 §5: with a client certificate, the alias addresses are the ones to use. */
  readonly mutualTls: boolean;
  readonly preset: Preset;
  readonly transport: Transport;
  readonly dpop?: DpopProofs;
}

/** A failure after which the server may be asked again, at the earliest when Retry-After says so. */
export class PassingFailure extends ExchangeUnavailable {}

/** One request to the token endpoint and its answer. */
export class TokenEndpoint {
  readonly #options: TokenEndpointOptions;

  constructor(options: TokenEndpointOptions) {
    this.#options = options;
  }

  /**
   * @throws ExchangeRefused, ExchangeUnavailable
   */
  async ask(request: TokenRequest, signal: AbortSignal): Promise<ExchangedToken> {
    const server = await this.#options.metadata.get(signal);
    const answer = await this.#send(server, request, signal);
    if (!(await this.#wantsNonce(answer))) return this.#read(answer, request);
    // RFC 9449 §8: once more with the nonce that the server gave
    return this.#read(await this.#send(server, request, signal), request);
  }

  async #send(server: AuthorizationServer, request: TokenRequest, signal: AbortSignal): Promise<Response> {
    const { clientId, authentication, mutualTls, preset, transport, dpop } = this.#options;
    const form = request.subject ? preset.form(request) : preset.serviceForm(request);
    const endpoint = tokenEndpointOf(server, mutualTls);
    const headers = { ...traceHeaders(), ...(dpop && { dpop: await dpop.prove('POST', endpoint) }) };
    try {
      const answer = await genericTokenEndpointRequest(
        { ...server, token_endpoint: endpoint },
        { client_id: clientId },
        authentication,
        form.get('grant_type') ?? '',
        form,
        { headers, signal, [customFetch]: transport, [allowInsecureRequests]: true },
      );
      dpop?.remember(endpoint, answer.headers.get('dpop-nonce'));
      return answer;
    } catch (error) {
      if (error instanceof ConnectionFailure && error.oversized) {
        throw new ExchangeUnavailable('malformed', "The token endpoint's answer is too long");
      }
      if (error instanceof ConnectionFailure) {
        throw new PassingFailure('connection', `The token endpoint cannot be reached (${error.code})`);
      }
      throw error;
    }
  }

  async #wantsNonce(answer: Response): Promise<boolean> {
    if (!this.#options.dpop || answer.status === 200 || !answer.headers.has('dpop-nonce')) return false;
    return (await readJson(answer.clone()))?.['error'] === 'use_dpop_nonce';
  }

  async #read(answer: Response, request: TokenRequest): Promise<ExchangedToken> {
    const expected = this.#expectations(request);
    const body = await readJson(answer);
    if (answer.status === 200) {
      const token = readTokenAnswer(body, expected);
      if (!request.subject) checkServiceToken(token, request, this.#options.preset.tellsScope);
      return token;
    }
    const { status } = answer;
    const retryAfter = parseRetryAfter(answer.headers.get('retry-after'));
    if (status === 502 || status === 503) {
      throw new PassingFailure('status', `The token endpoint answered ${status}`, retryAfter);
    }
    if (status === 429 || status >= 500) {
      throw new ExchangeUnavailable('status', `The token endpoint answered ${status}`, retryAfter);
    }
    throw (
      readRefusal(status, body, expected) ??
      new ExchangeUnavailable('malformed', `The token endpoint answered ${status} without an OAuth error`)
    );
  }

  #expectations({ subject, requestedType }: TokenRequest): AnswerExpectations {
    const { preset, dpop } = this.#options;
    return {
      issuedTokenType: subject ? preset.issuedTokenType : 'absent',
      requestedType,
      dpop: dpop !== undefined,
      stepUp: preset.stepUp,
      refusals: preset.refusals,
      forService: subject === undefined,
    };
  }
}

function tokenEndpointOf(server: AuthorizationServer, mutualTls: boolean): string {
  const alias = mutualTls ? server.mtls_endpoint_aliases?.token_endpoint : undefined;
  return alias ?? server.token_endpoint ?? '';
}

async function readJson(answer: Response): Promise<JsonObject | undefined> {
  try {
    const body: unknown = await answer.json();
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
