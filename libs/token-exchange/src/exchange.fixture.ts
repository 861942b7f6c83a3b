import { randomUUID } from 'node:crypto';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import {
  caseRegistrations,
  createExchangeWorld,
  exchangeCases,
  exchangeForm,
  subjectToken,
  type ExchangeWorld,
  type FormMutation,
} from '@onbehalf/testing-internal';
import { decodeJwt, SignJWT, type CryptoKey, type JSONWebKeySet, type JWTPayload } from 'jose';
import {
  AccessTokenIssuer,
  authenticatedClient,
  ExchangeRefusal,
  JwtVerifier,
  OwnAccessTokenVerifier,
  RegisteredPolicy,
  toIssuedToken,
  TokenExchange,
  type Account,
  type AuthenticatedClient,
  type ExchangeContext,
  type ForeignIssuer,
  type IssuedToken,
  type PolicyRegistrations,
  type TokenExchangeOptions,
  type TokenFacts,
  type TokenIssuer,
  type TokenSigner,
} from './index.js';

/** An issuer that holds its private key. */
export interface SigningIssuer extends TrustedIssuer {
  readonly jwks: JSONWebKeySet;
  readonly privateKey: CryptoKey;
}

/** What an exchange under test is made of, beside its registrations. */
export interface Surroundings extends Partial<TokenExchangeOptions> {
  readonly accounts?: Readonly<Record<string, Account>>;
  readonly revoked?: readonly string[];
  readonly foreign?: readonly ForeignIssuer[];
  /** Told of every header that is asked for. */
  readonly onSign?: (header: Parameters<TokenSigner['sign']>[1]) => void;
}

export function signerOf(
  { jwks, privateKey, algorithms }: SigningIssuer,
  onSign?: Surroundings['onSign'],
): TokenSigner {
  return {
    sign: (claims, header) => {
      onSign?.(header);
      return new SignJWT({ ...claims })
        .setProtectedHeader({ ...header, alg: algorithms[0] ?? '', kid: jwks.keys[0]?.kid ?? '' })
        .sign(privateKey);
    },
  };
}

/** The cases that need no feature. */
export const engineCases = exchangeCases.filter(({ feature }) => feature === undefined);

/** A type of tokens that speak to their client, as those of a feature may. */
export const GREETING = 'urn:example:token-type:greeting';

/** Takes what an access token says for a greeting to its audience. */
class GreetingVerifier extends OwnAccessTokenVerifier {
  override readonly types = [GREETING] as never;

  override async verify(...given: Parameters<OwnAccessTokenVerifier['verify']>): Promise<TokenFacts> {
    return { ...(await super.verify(...given)), audienceOf: 'client', scopes: [] };
  }
}

/** A type of tokens that give access to nothing. */
export const RECEIPT = 'urn:example:token-type:receipt';

const receipts: TokenIssuer = {
  types: [RECEIPT],
  issue: (permit) =>
    Promise.resolve(toIssuedToken(permit, { token: 'a receipt', jwtId: randomUUID(), tokenType: 'N_A', scopes: [] })),
};

/** An exchange with every verifier, rule and issuer of this library, those of a feature, and real keys. */
export function createExchange(
  server: SigningIssuer,
  registrations: PolicyRegistrations,
  { accounts = {}, revoked = [], foreign = [], onSign, ...options }: Surroundings = {},
): TokenExchange {
  const used = new Set<string>();
  const typeOf = (audience: string) =>
    registrations.resources.find((resource) => resource.audience === audience)?.typ ?? 'at+jwt';
  const jwt = { issuer: server.issuer, signer: signerOf(server, onSign), randomId: randomUUID };
  return new TokenExchange({
    issuer: server.issuer,
    policy: new RegisteredPolicy(registrations),
    state: {
      token: (_issuer, jwtId) => Promise.resolve({ revoked: revoked.includes(jwtId) }),
      use: ({ issuer, jwtId }) => Promise.resolve(!used.has(jwtId + issuer) && Boolean(used.add(jwtId + issuer))),
      account: (subject) => Promise.resolve(Object.hasOwn(accounts, subject) ? accounts[subject] : undefined),
    },
    verifiers: [
      new OwnAccessTokenVerifier(server, typeOf),
      new JwtVerifier(server, foreign, typeOf),
      new GreetingVerifier(server),
    ],
    issuers: [new AccessTokenIssuer(jwt), receipts],
    clock: systemClock,
    sink: { record: () => Promise.resolve(), recordIssued: () => Promise.resolve(true) },
    ...(foreign.length > 0 && { foreignIssuers: foreign.map(({ issuer }) => issuer) }),
    ...options,
  });
}

/** The registered client, as if it had authenticated. */
export function clientOf({ clients }: PolicyRegistrations, clientId: string): AuthenticatedClient {
  const registration = clients.find((client) => client.clientId === clientId);
  if (!registration) throw new Error(`no client ${clientId}`);
  return authenticatedClient(registration);
}

/** An exchange over the registrations of the exchange cases, ready to be asked. */
export class ExchangeLab {
  readonly exchange: TokenExchange;

  private constructor(
    readonly world: ExchangeWorld,
    readonly registrations: PolicyRegistrations,
    surroundings: Surroundings,
  ) {
    const { accounts, revokedTokenId } = caseRegistrations;
    this.exchange = createExchange(world.server, registrations, {
      accounts,
      revoked: [revokedTokenId],
      ...surroundings,
    });
  }

  static async open(
    surroundings: Surroundings = {},
    registrations: Partial<PolicyRegistrations> = {},
    world: Partial<ExchangeWorld> = {},
  ): Promise<ExchangeLab> {
    return new ExchangeLab(await createExchangeWorld(world), { ...caseRegistrations, ...registrations }, surroundings);
  }

  /** The subject token of the scenario with other claims. */
  token(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return subjectToken(this.world, claims);
  }

  form(mutation: FormMutation = {}): Promise<URLSearchParams> {
    return exchangeForm(this.world, () => mutation);
  }

  /** Sends the request of the scenario with these differences. */
  async ask(
    mutation: FormMutation = {},
    clientId = 'user-service',
    context: ExchangeContext = {},
  ): Promise<IssuedToken> {
    return this.exchange.exchange(await this.form(mutation), clientOf(this.registrations, clientId), context);
  }

  /** The claims of the token that {@link ask} brings. */
  async claims(...request: Parameters<ExchangeLab['ask']>): Promise<JWTPayload> {
    return decodeJwt((await this.ask(...request)).token);
  }

  /** The refusal that {@link ask} meets. */
  async refusal(mutation: FormMutation = {}, clientId?: string, context?: ExchangeContext): Promise<ExchangeRefusal> {
    return this.refusalOf(await this.form(mutation), clientId, context);
  }

  /** The refusal that a form meets. */
  async refusalOf(
    form: URLSearchParams,
    clientId = 'user-service',
    context?: ExchangeContext,
  ): Promise<ExchangeRefusal> {
    const client = clientOf(this.registrations, clientId);
    const outcome: unknown = await this.exchange.exchange(form, client, context).catch((error: unknown) => error);
    if (outcome instanceof ExchangeRefusal) return outcome;
    throw new Error('the request was not refused');
  }
}
