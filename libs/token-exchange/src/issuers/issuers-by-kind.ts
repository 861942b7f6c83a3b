import { OAuthError, TokenType } from '@onbehalf/oauth-protocol';
import type { Permit } from '../decision/decide.js';
import {
  DEFAULT_KIND,
  kindOf,
  type ClientRegistration,
  type ExchangePolicy,
  type ResourceRegistration,
  type TargetKind,
} from '../policy/policy.js';
import type { ExchangeRequest } from '../request/exchange-request.js';
import { resolveTargets } from '../request/resolve-targets.js';
import { TypeRegistry } from '../tokens/type-registry.js';
import type { TokenIssuer } from './token-issuer.js';

const KINDS: readonly TargetKind[] = ['resource', 'authorization_server', 'third_party'];

/** Chooses who issues: for each kind of target, one issuer is responsible for a token type. */
export class IssuersByKind {
  readonly #issuers: TypeRegistry<TokenIssuer>;

  /** @throws ConfigurationError when two issuers claim one token type of one kind */
  constructor(issuers: readonly TokenIssuer[]) {
    this.#issuers = new TypeRegistry('issuers', issuers, ({ issuesFor = DEFAULT_KIND }) => [issuesFor]);
  }

  /** Token types that are accepted as `requested_token_type`. */
  get types(): readonly string[] {
    return this.#issuers.types();
  }

  /**
   * What is requested where a request does not say: a grant of the authorization server of another domain, an access token of all else.
   * RFC 8693 §2.1: at the discretion of the authorization server; identity chaining draft -17 §2.3.1
   */
  defaultType(
    { audiences, resources }: Pick<ExchangeRequest, 'audiences' | 'resources'>,
    policy: Pick<ExchangePolicy, 'resource'>,
  ): string {
    const kinds = [...audiences, ...resources].map((name) => policy.resource(name)?.kind);
    return kinds.includes('authorization_server') ? TokenType.Jwt : TokenType.AccessToken;
  }

  /**
   * The targets that a request asks for, for each of which the requested type is issued.
   * @throws OAuthError `invalid_target`, or `invalid_request` when the type needs an audience and none is named
   */
  targetsOf(
    request: ExchangeRequest,
    client: ClientRegistration,
    policy: ExchangePolicy,
  ): readonly ResourceRegistration[] {
    const behind = KINDS.some((kind) => this.#issuers.find(kind, request.requestedType)?.readsResources);
    if (behind && request.audiences.length === 0) {
      throw new OAuthError('invalid_request', 'audience is required for this requested_token_type');
    }
    const named = behind ? { audiences: request.audiences, resources: [] } : request;
    const targets = resolveTargets(named, client, policy);
    const kinds = [...new Set(targets.map(kindOf))];
    if (!kinds.every((kind) => this.#issuers.find(kind, request.requestedType))) {
      throw new OAuthError('invalid_target', 'requested_token_type is not issued for this target');
    }
    // a grant has one audience (RFC 7523 §3), and a third party's token is for no other
    if (targets.length > 1 && kinds.some((kind) => kind !== DEFAULT_KIND)) {
      throw new OAuthError('invalid_target', 'What is for another domain or a third party has no other target');
    }
    return targets;
  }

  /** The issuer of what is permitted; {@link targetsOf} has found one for each of its targets. */
  of({ targets: [target], requestedType }: Permit): TokenIssuer {
    return this.#issuers.find(kindOf(target!.resource), requestedType)!;
  }
}
