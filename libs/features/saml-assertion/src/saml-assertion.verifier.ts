import type { KeyObject } from 'node:crypto';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { isScopeToken, TokenType } from '@onbehalf/oauth-protocol';
import type { TokenFacts, TokenVerifier, VerificationContext } from '@onbehalf/token-exchange';
import type { Assertion } from './assertion/assertion.js';
import { verifyAssertion } from './assertion/verify-assertion.js';
import { toKey, type IssuerSettings, type SamlAssertionSettings } from './saml-assertion.schema.js';

type ClientSettings = IssuerSettings['clients'][number];

/** SAML 2.0 assertions that a service received when its user signed in, as subject tokens of that service. RFC 8693 §3, RFC 7522 §3. */
export class SamlAssertionVerifier implements TokenVerifier {
  readonly types = [TokenType.Saml2];
  readonly #issuers: readonly IssuerSettings[];
  readonly #keys: ReadonlyMap<string, readonly KeyObject[]>;

  constructor({ issuers }: SamlAssertionSettings) {
    this.#issuers = issuers;
    this.#keys = new Map(issuers.map(({ entityId, keys }) => [entityId, keys.map(toKey)]));
  }

  /** @throws TokenRejection for every assertion that is not accepted from this client */
  async verify(token: string, { client, at, parameter }: VerificationContext): Promise<TokenFacts> {
    if (parameter !== 'subject_token') throw new TokenRejection('type', 'A SAML assertion names no actor');
    const find = (entityId: string) => this.#trusted(entityId, client.clientId);
    const assertion = verifyAssertion(token, (entityId) => find(entityId)?.trusted, at);
    const { issuer, accepted } = find(assertion.issuer)!;
    return Promise.resolve(toFacts(assertion, issuer, accepted));
  }

  #trusted(entityId: string, clientId: string) {
    const issuer = this.#issuers.find((one) => one.entityId === entityId);
    const accepted = issuer?.clients.find(({ client }) => client === clientId);
    if (!issuer || !accepted) return undefined;
    const { audiences, recipients } = accepted;
    return { issuer, accepted, trusted: { keys: this.#keys.get(entityId) ?? [], audiences, recipients } };
  }
}

function toFacts(assertion: Assertion, issuer: IssuerSettings, { subjectAudience }: ClientSettings): TokenFacts {
  const name = nameOf(assertion, issuer);
  const { authTime, acr } = assertion;
  return {
    issuer: assertion.issuer,
    ...(issuer.subject.to === 'account'
      ? { subject: name }
      : { subject: `${assertion.issuer}#${name}`, foreign: { iss: assertion.issuer, sub: name } }),
    audiences: [subjectAudience],
    issuedAt: assertion.issuedAt,
    expiresAt: assertion.expiresAt,
    jwtId: assertion.id,
    singleUse: true,
    scopes: scopesOf(assertion, issuer),
    authentication: {
      ...(authTime !== undefined && { auth_time: Math.floor(authTime) }),
      ...(acr !== undefined && { acr }),
    },
    details: { assertion: assertion.id },
  };
}

function nameOf({ name, nameFormat, attributes }: Assertion, { subject }: IssuerSettings): string {
  if (subject.format !== undefined && subject.format !== nameFormat) {
    throw new TokenRejection('claim', 'The name of the assertion has another format');
  }
  if (subject.attribute === undefined) return name;
  const [value, ...more] = attributes.get(subject.attribute) ?? [];
  if (value === undefined || value.trim() === '' || more.length > 0) {
    throw new TokenRejection(
      'claim',
      `The assertion must have exactly one value of the attribute ${subject.attribute}`,
    );
  }
  return value;
}

function scopesOf({ attributes }: Assertion, { scopesAttribute }: IssuerSettings): readonly string[] {
  const values = scopesAttribute === undefined ? [] : (attributes.get(scopesAttribute) ?? []);
  const scopes = values.flatMap((value) => value.split(/\s+/)).filter((scope) => scope !== '');
  if (scopes.every(isScopeToken)) return [...new Set(scopes)];
  throw new TokenRejection('claim', `The attribute ${scopesAttribute} of the assertion holds what is no scope`);
}
