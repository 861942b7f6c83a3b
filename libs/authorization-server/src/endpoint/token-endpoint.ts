import type { IncomingMessage, ServerResponse } from 'node:http';
import { GrantType, isScope, OAuthError } from '@onbehalf/oauth-protocol';
import type { KoaContextWithOIDC, default as Provider } from 'oidc-provider';
import { answerJson, NOT_STORED, type Handle } from '../protocol/answer.js';
import {
  answerPreflight,
  keepFromPages,
  SHARED_ENDPOINTS,
  shareAnswer,
  type AllowsOrigin,
} from '../protocol/cross-origin.js';
import { pathOf, ROUTES } from '../protocol/routes.js';
import { finishWork } from '../provider/records/afterwards.js';
import { refuse } from '../provider/answers/answer-errors.js';
import type { ClientCertificateReader } from '../provider/clients/client-certificate.js';
import type { ErrorLog } from '../provider/answers/log-errors.js';
import { PROVIDED_GRANTS } from '../provider/provider-configuration.js';
import { indicatorOf } from '../provider/resources/resource-servers.js';
import { hasCredentials, isAuthenticated, noCredentials } from '../provider/clients/is-authenticated.js';
import { workloadOf } from '../provider/clients/workload-assertions.js';
import { clientOf, contextAt, proofOfPossession, withBody, within } from '../provider/seam/request-seam.js';
import type { Grant, GrantRequest } from './grant.js';
import { readForm, type ReceivedForm } from './read-form.js';
import { COMMON, ParameterReader } from './read-parameters.js';

export interface TokenEndpointOptions {
  /** Answers every other endpoint, and the grants that are its own. */
  readonly provider: Provider;
  readonly grants: readonly Grant[];
  readonly certificateOf: ClientCertificateReader;
  readonly allowsOrigin: AllowsOrigin;
  readonly log: ErrorLog;
}

/** A grant, and what reads its parameters. */
interface OwnGrant {
  readonly grant?: Grant;
  readonly reader: ParameterReader;
}

/** Of a request for a grant that nobody knows, only what authenticates its client is read. */
const UNKNOWN: OwnGrant = { reader: new ParameterReader([], []) };

/**
 * The token endpoint (RFC 6749 §3.2), before the provider: reads every request, answers the grants of this library, and leaves
 * to the provider what is its own. The provider's steps authenticate the client; whatever is refused is told to its listeners,
 * of which one writes the answer.
 */
export class TokenEndpoint {
  readonly #options: TokenEndpointOptions;
  readonly #provide: Handle;
  readonly #grants: ReadonlyMap<string, OwnGrant>;

  constructor(options: TokenEndpointOptions) {
    this.#options = options;
    this.#provide = options.provider.callback();
    this.#grants = new Map(
      options.grants.map((grant) => [
        grant.grantType,
        { grant, reader: new ParameterReader(grant.parameters, grant.repeatable) },
      ]),
    );
  }

  /** Answers a request, at whatever endpoint. */
  readonly handle: Handle = (request, response) => {
    const path = pathOf(request);
    const methods = SHARED_ENDPOINTS.get(path);
    if (request.method === 'OPTIONS' && methods !== undefined) {
      answerPreflight(request, response, methods, this.#options.allowsOrigin);
      return Promise.resolve();
    }
    if (path !== ROUTES.token) return this.#provide(request, response);
    if (request.method === 'POST') return this.#answer(request, response);
    // RFC 6749 §3.2: the client must use POST
    answerJson(response, 405, POST_ONLY, { allow: 'POST' });
    return Promise.resolve();
  };

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await readForm(request);
    if (!received) return this.#options.log.warn({ event: 'request_failed', reason: 'the caller left' });
    const { form, body } = received;
    if (request.headers.origin !== undefined) shareAnswer(request, response, form, this.#options.allowsOrigin);
    if (isProvided(form) && authenticates(request, form)) {
      for (const [name, value] of Object.entries(NOT_STORED)) response.setHeader(name, value);
      keepFromPages(response);
      return this.#provide(withBody(request, nameResource(form) ?? body), response);
    }
    const ctx = contextAt('token', this.#options.provider, request, response, {});
    const answer = await within(ctx, () => this.#grant(ctx, received));
    if (answer) answerJson(response, 200, answer);
    else answerJson(response, ctx.status, ctx.body as object);
  }

  /** Makes the answer; why there is none stands in the context. */
  async #grant(ctx: KoaContextWithOIDC, received: ReceivedForm): Promise<object | undefined> {
    const answer = await this.#judge(ctx, received);
    try {
      await finishWork(ctx);
      return answer;
    } catch (error) {
      refuse(ctx, error);
      return undefined;
    }
  }

  async #judge(ctx: KoaContextWithOIDC, received: ReceivedForm): Promise<object | undefined> {
    const { form } = received;
    const { grant, reader } = this.#grants.get(form.get('grant_type') ?? '') ?? UNKNOWN;
    let isRefused = true;
    try {
      const admitted = await this.#admit(ctx, received, reader, grant);
      isRefused = false;
      const answer = await admitted.grant.handle(admitted.request);
      this.#options.provider.emit('grant.success', ctx);
      return answer;
    } catch (error) {
      const refusal = refuse(ctx, error);
      // the provider names the client before it looks at the secret
      const { clientId } = (isAuthenticated(ctx) && ctx.oidc.client) || {};
      if (isRefused) await grant?.refused?.({ clientId, ...workloadOf(ctx), form, refusal });
      return undefined;
    }
  }

  async #admit(
    ctx: KoaContextWithOIDC,
    { form, fault }: ReceivedForm,
    reader: ParameterReader,
    grant: Grant | undefined,
  ): Promise<{ readonly grant: Grant; readonly request: GrantRequest }> {
    if (fault) throw fault;
    const { parameters, repeated } = reader.read(form);
    Object.assign(ctx.oidc, { params: parameters });
    if (repeated.size > 0) refuseRepeated([...repeated].filter((name) => COMMON.includes(name)));
    // RFC 6749 §5.2: "no client authentication included" is invalid_client
    if (!authenticates(ctx.req, form)) throw noCredentials();
    const client = await clientOf(ctx);
    if (!form.get('grant_type')) throw new OAuthError('invalid_request', 'grant_type is required');
    if (!grant) throw new OAuthError('unsupported_grant_type', 'the grant type is not supported');
    if (!client.grantTypeAllowed(grant.grantType)) {
      throw new OAuthError('unauthorized_client', 'the client may not use this grant type');
    }
    if (repeated.size > 0) refuseRepeated([...repeated]);
    refuseMalformedScope(parameters['scope']);
    const proof = await proofOfPossession(ctx, this.#options.certificateOf(ctx.req));
    return { grant, request: { clientId: client.clientId, form, proof, ...workloadOf(ctx), request: ctx.req } };
  }
}

/**
 * Client credentials for an `audience` are for the resource of that name, as an exchange is; the provider knows resources by
 * `resource` alone. RFC 8693 §2.1, RFC 8707 §2
 * @returns the form for the provider, when it names an audience
 */
function nameResource(form: URLSearchParams): Buffer | undefined {
  const audiences = form.getAll('audience').filter(Boolean);
  if (audiences.length === 0 || form.get('grant_type') !== GrantType.ClientCredentials) return undefined;
  const named = new URLSearchParams(form);
  named.delete('audience');
  for (const audience of audiences) named.append('resource', indicatorOf({ audience }));
  return Buffer.from(named.toString());
}

const POST_ONLY = { error: 'invalid_request', error_description: 'the token endpoint accepts POST only' };

function isProvided(form: URLSearchParams): boolean {
  const [grantType, ...more] = form.getAll('grant_type');
  return grantType !== undefined && more.length === 0 && PROVIDED_GRANTS.has(grantType);
}

function authenticates(request: IncomingMessage, form: URLSearchParams): boolean {
  return hasCredentials(request, (name) => form.getAll(name).some(Boolean));
}

function refuseRepeated(names: readonly string[]): void {
  if (names.length > 0) throw new OAuthError('invalid_request', `${names.join(', ')} must not be repeated`);
}

// RFC 6749 §3.3
function refuseMalformedScope(scope: string | string[] | undefined): void {
  if (typeof scope === 'string' && !isScope(scope))
    throw new OAuthError('invalid_scope', 'scope contains characters that are not allowed');
}
