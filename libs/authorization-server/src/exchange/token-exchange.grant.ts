import { trace } from '@opentelemetry/api';
import { GrantType, OAuthError } from '@onbehalf/oauth-protocol';
import {
  authenticatedClient,
  formatTokenResponse,
  type ExchangePolicy,
  type TokenExchange,
} from '@onbehalf/token-exchange';
import type { Grant, GrantContext } from '../provider/grant.js';
import { handToEngine } from './audit-refused-requests.js';
import type { ClientCertificateReader } from '../provider/client-certificate.js';
import { proofOfPossession } from '../provider/provider-seam.js';

/** RFC 8693 §2.1, and `reason` for impersonations. */
const PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'audience',
  'resource',
  'scope',
  'reason',
] as const;

/** The grant of RFC 8693 at the token endpoint: hands the authenticated request to the engine. */
export class TokenExchangeGrant implements Grant {
  readonly grantType = GrantType.TokenExchange;
  readonly parameters = PARAMETERS;
  readonly repeatable = ['audience', 'resource'];
  readonly #policy: ExchangePolicy;
  readonly #certificateOf: ClientCertificateReader;
  readonly #engine: Pick<TokenExchange, 'exchange'>;

  constructor(policy: ExchangePolicy, engine: Pick<TokenExchange, 'exchange'>, certificateOf: ClientCertificateReader) {
    this.#certificateOf = certificateOf;
    this.#policy = policy;
    this.#engine = engine;
  }

  async handle(ctx: GrantContext, form: URLSearchParams): Promise<object> {
    const registration = this.#policy.client(ctx.oidc.client.clientId);
    if (!registration) throw new OAuthError('invalid_client', 'the client is not registered');
    const certificate = this.#certificateOf(ctx.req);
    const proof = await proofOfPossession(ctx, certificate);
    const traceId = trace.getActiveSpan()?.spanContext().traceId;
    handToEngine(ctx);
    const issued = await this.#engine.exchange(form, authenticatedClient(registration), { proof, traceId });
    return formatTokenResponse(issued);
  }
}
