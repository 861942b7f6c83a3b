import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { explain, type Explanation } from './audit/explanation.js';
import type { Progress, ProgressObserver } from './audit/progress.js';
import { admitAll, judgeAll, type Claim } from './admission/admission.js';
import { decide, type Decision, type Permit } from './decision/decide.js';
import { gatherFacts, type PresentedTokens } from './decision/gather-facts.js';
import type { Rule } from './decision/rule.js';
import type { VerifiedExchange } from './decision/verified-exchange.js';
import type { IssuedToken } from './issuers/issued-token.js';
import { IssuersByKind } from './issuers/issuers-by-kind.js';
import type { ExchangeMoment, PipelineOptions } from './pipeline-options.js';
import type { ClientRegistration, ExchangePolicy } from './policy/policy.js';
import { answerFor } from './refusal/error-profile.js';
import { atStage, ExchangeRefusal, toRefusal } from './refusal/exchange-refusal.js';
import type { AuthenticatedClient } from './request/authenticated-client.js';
import type { ExchangeContext, ExchangeRequest, ExplainContext } from './request/exchange-request.js';
import { declaredParameters, EXCHANGE_PARAMETERS, type DeclaredParameter } from './request/parameters.js';
import { parseExchangeRequest } from './request/parse-request.js';
import { withStandardRules } from './rules/standard-rules.js';
import type { TokenFacts } from './tokens/token-facts.js';
import { TypeRegistry } from './tokens/type-registry.js';
import { useUp } from './tokens/use-up.js';
import { verifiedToken } from './tokens/verified-token.js';
import type { TokenVerifier, VerificationContext } from './verifiers/token-verifier.js';
import { verifyToken } from './verifiers/verify-token.js';

/** A token that is made but not yet on record, and what was claimed for it. */
export interface MadeToken {
  readonly issued: IssuedToken;
  readonly claim: Claim;
}

/** Facts that stand in place of tokens. */
interface Established {
  readonly subject: TokenFacts;
  readonly actorToken?: TokenFacts | undefined;
}

/** Whether a request is made or only explained, and its context. */
interface Asked {
  readonly context: ExchangeContext;
  readonly explained: boolean;
  /** Of a request that is explained. */
  readonly established?: Established | undefined;
}

const EXCHANGE_ALONE = [GrantType.TokenExchange];

/** Token exchange as RFC 8693 §2 defines it: parse, verify, decide, issue. Keeps no record: only {@link TokenExchange} may run it. */
export class ExchangePipeline {
  readonly #options: PipelineOptions;
  readonly #rules: readonly Rule[];
  readonly #verifiers: TypeRegistry<TokenVerifier>;
  readonly #issuers: IssuersByKind;
  readonly #parameters: readonly DeclaredParameter[];
  readonly #now: () => ExchangeMoment;

  /** @throws ConfigurationError when two verifiers or two issuers claim one token type, or two rules one name */
  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#rules = withStandardRules(options.additionalRules ?? []);
    this.#verifiers = new TypeRegistry('verifiers', options.verifiers, ({ grantTypes = EXCHANGE_ALONE }) => grantTypes);
    this.#issuers = new IssuersByKind(options.issuers);
    this.#parameters = declaredParameters([...options.verifiers, ...this.#rules, ...options.issuers]);
    const always = { ...options, foreignIssuers: options.foreignIssuers ?? [] };
    this.#now = options.now ?? (() => always);
  }

  /** Token types that are accepted by this grant: of token exchange, as `subject_token_type` and `actor_token_type`. */
  presentableTypes(grantType: string): readonly string[] {
    return this.#verifiers.types(grantType);
  }

  /** Token types that are accepted as `requested_token_type`. */
  get requestableTypes(): readonly string[] {
    return this.#issuers.types;
  }

  /** Every parameter of the request that is read: those of RFC 8693 §2.1 and those that are declared. */
  get parameters(): readonly string[] {
    return [...EXCHANGE_PARAMETERS, ...this.#parameters.map(({ name }) => name)];
  }

  /**
   * Exchanges a token.
   * @param form the parameters of the request, decoded
   * @throws ExchangeRefusal for every request that is not granted, and nothing else
   */
  async exchange(
    form: URLSearchParams,
    client: AuthenticatedClient,
    context: ExchangeContext,
    observe: ProgressObserver,
  ): Promise<MadeToken> {
    try {
      const { decision, exchange } = await this.#decide(form, client, { context, explained: false }, observe);
      if (decision.outcome === 'refused') throw decision.refusal;
      const claim = await admitAll(this.#options.admissions ?? [], decision.permit, exchange);
      const issued = await this.#make(decision.permit, claim);
      return { issued: claim.grantId === undefined ? issued : { ...issued, grantId: claim.grantId }, claim };
    } catch (error) {
      throw answerFor(client, toRefusal('exchange', error), context.grantType);
    }
  }

  /** Tells what {@link exchange} would do and why, by the same rules. Issues and consumes nothing. */
  async explain(form: URLSearchParams, client: ClientRegistration, context: ExplainContext): Promise<Explanation> {
    const { explainers = {}, admissions = [] } = this.#options;
    let reached: Progress = {};
    try {
      const established = context.subject && this.#establish(context.subject, client);
      const { decision, exchange } = await this.#decide(
        established ? withoutTokens(form, established) : form,
        client,
        { context, explained: true, established },
        (progress) => (reached = { ...reached, ...progress }),
      );
      if (decision.outcome === 'permitted') await judgeAll(admissions, decision.permit, exchange);
      return explain(reached, client, { explainers });
    } catch (error) {
      return explain(reached, client, { failure: toRefusal('exchange', error), explainers });
    }
  }

  #establish(subject: TokenFacts, client: ClientRegistration): Established {
    const [actorToken] = (this.#options.ownActors ?? []).flatMap((ownActor) => ownActor(client) ?? []);
    return { subject, actorToken };
  }

  async #decide(
    form: URLSearchParams,
    { clientId }: ClientRegistration,
    { context, explained, established }: Asked,
    observe: ProgressObserver,
  ): Promise<{ readonly decision: Decision; readonly exchange: VerifiedExchange }> {
    const moment = this.#now();
    const { policy, trusted } = moment;
    const client = registrationOf(clientId, policy);
    const request = this.#parse(form, policy);
    observe({ request });
    const resources = atStage('target', () => this.#issuers.targetsOf(request, client, policy));
    observe({ resources });
    const verification = { client, at: this.#options.clock() };
    const from = { ...verification, explained, address: context.address, ...(trusted && { trusted }) };
    const { grantType = GrantType.TokenExchange } = context;
    const tokens = await this.#verify(request, grantType, from, observe, established);
    const known = { ...verification, ...tokens, request, resources, proof: context.proof ?? {} };
    const exchange = await gatherFacts(known, moment);
    observe({ exchange });
    const decision = decide(this.#rules, exchange);
    observe({ decision });
    return { decision, exchange };
  }

  async #make(permit: Permit, claim: Claim): Promise<IssuedToken> {
    try {
      // last of all, so that a refused request uses nothing up
      await useUp(this.#options.state, permit.uses);
      return await this.#issuers.of(permit).issue(permit);
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  #parse(form: URLSearchParams, policy: ExchangePolicy): ExchangeRequest {
    const request = atStage('request', () =>
      parseExchangeRequest(form, this.#parameters, (targets) => this.#issuers.defaultType(targets, policy)),
    );
    if (this.requestableTypes.includes(request.requestedType)) return request;
    const description = `requested_token_type is not supported; supported are ${this.requestableTypes.join(' ')}`;
    throw new ExchangeRefusal('token-type', 'invalid_request', description);
  }

  async #verify(
    request: ExchangeRequest,
    grantType: string,
    context: Omit<VerificationContext, 'parameter' | 'parameters' | 'asked'>,
    observe: ProgressObserver,
    established: Established | undefined,
  ): Promise<PresentedTokens> {
    const { audiences, resources, scopes, requestedType, parameters } = request;
    const asked = { audiences, resources, requestedType, ...(scopes && { scopes }) };
    const known = { ...context, asked, parameters };
    const verifiers = { registry: this.#verifiers, grantType };
    const subject = established
      ? verifiedToken(established.subject)
      : await verifyToken(verifiers, request.subject, known);
    observe({ subject });
    if (!request.actor) return { subject };
    const actorToken = established?.actorToken
      ? verifiedToken(established.actorToken)
      : await verifyToken(verifiers, request.actor, known);
    observe({ actorToken });
    return { subject, actorToken };
  }
}

// the registration may have changed since the client authenticated
function registrationOf(clientId: string, policy: ExchangePolicy): ClientRegistration {
  const client = policy.client(clientId);
  if (client) return client;
  throw new ExchangeRefusal('client', 'unauthorized_client', 'The client is no longer registered');
}

// what the parser demands, and nobody verifies
function withoutTokens(form: URLSearchParams, { actorToken }: Established): URLSearchParams {
  const asked = new URLSearchParams(form);
  asked.set('grant_type', GrantType.TokenExchange);
  asked.set('subject_token', 'established');
  asked.set('subject_token_type', TokenType.AccessToken);
  if (!actorToken) return asked;
  asked.set('actor_token', 'established');
  asked.set('actor_token_type', TokenType.AccessToken);
  return asked;
}
