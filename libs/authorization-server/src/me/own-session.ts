import type { AuditReader, AuditRecord, IndexedToken, IssuedTokens } from '@onbehalf/authorization-ports';
import type { Actor, Clock } from '@onbehalf/oauth-protocol';
import type { Authentication, Confirmation, TokenFacts } from '@onbehalf/token-exchange';
import type { Person } from './person.js';

/** Exchanges that are looked through for a token of the session. */
const MOST_SEARCHED = 100;

export interface OwnSessionOptions {
  readonly issuer: string;
  readonly tokens: IssuedTokens;
  readonly trail: AuditReader;
  readonly clock: Clock;
}

/** The tokens of the login by which a person asks, and of what was exchanged from them. */
export class OwnSession {
  readonly #options: OwnSessionOptions;

  constructor(options: OwnSessionOptions) {
    this.#options = options;
  }

  /**
   * What a token of the session says that can be used at one of these audiences: one of the login itself where there is one, else
   * the newest that was made from it. How the user authenticated is what the person's own token says; of keys to which tokens of
   * others are bound nothing is known.
   */
  async subjectFor(person: Person, audiences: readonly string[]): Promise<TokenFacts | undefined> {
    const isFor = (token: IndexedToken): boolean => token.audiences.some((audience) => audiences.includes(audience));
    const token = (await this.#options.tokens.usable(person.grantId)).find(isFor);
    if (token) return this.#facts(person, token, await this.#issuanceOf(token.jti));
    return this.#exchanged(person, isFor);
  }

  async #exchanged(person: Person, isFor: (token: IndexedToken) => boolean): Promise<TokenFacts | undefined> {
    const { subject, life } = person;
    const { records } = await this.#options.trail.query({ subject, subjectLife: life, limit: MOST_SEARCHED });
    for (const record of records) {
      const { issuedTokenId: jti, expiresAt } = record.event;
      if (typeof jti !== 'string' || typeof expiresAt !== 'number' || expiresAt <= this.#options.clock()) continue;
      const token = await this.#options.tokens.find(jti);
      if (token && !token.revoked && isFor(token) && (await this.#isOfSession(person, token))) {
        return this.#facts(person, token, record);
      }
    }
    return undefined;
  }

  async #isOfSession({ grantId, sessionId }: Person, { rootJti, rootIss }: IndexedToken): Promise<boolean> {
    const root = rootIss === undefined ? await this.#options.tokens.find(rootJti) : undefined;
    return root?.grantId === grantId || (sessionId !== undefined && root?.sessionId === sessionId);
  }

  async #issuanceOf(jti: string): Promise<AuditRecord | undefined> {
    const { records } = await this.#options.trail.query({ jti, outcome: 'issued' });
    return records.find(({ event }) => event['issuedTokenId'] === jti);
  }

  #facts(person: Person, token: IndexedToken, record: AuditRecord | undefined): TokenFacts | undefined {
    if (!record) return undefined;
    const { scopesGranted = [], actors = [] } = record.event as { scopesGranted?: string[]; actors?: Actor[] };
    const { cnf, auth_time, acr, amr } = person.token.claims as Authentication & { cnf?: Confirmation };
    const isSameHolder = token.clientId === person.token.clientId;
    return {
      issuer: this.#options.issuer,
      subject: person.subject,
      audiences: token.audiences,
      expiresAt: token.expiresAt,
      issuedAt: Math.floor(Date.parse(record.at) / 1000),
      jwtId: token.jti,
      clientId: token.clientId,
      scopes: scopesGranted,
      actors,
      authentication: JSON.parse(JSON.stringify({ auth_time, acr, amr })) as Authentication,
      ...(isSameHolder && cnf && { confirmation: cnf }),
    };
  }
}
