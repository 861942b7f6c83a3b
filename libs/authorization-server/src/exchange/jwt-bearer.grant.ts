import { mediaSubtype, readUnverifiedJwt, TokenRejection } from '@onbehalf/jwt-verification';
import { GrantType, isResourceIndicator, OAuthError, TokenType } from '@onbehalf/oauth-protocol';
import { formatTokenResponse } from '@onbehalf/token-exchange';
import { claimedTrace } from '../audit/claimed-trace.js';
import type { Grant, GrantRequest, RefusedRequest } from '../endpoint/grant.js';
import { recordRefused } from './record-refused.js';
import { registeredClient, type TokenExchangeGrantOptions } from './token-exchange.grant.js';

export interface JwtBearerGrantOptions extends TokenExchangeGrantOptions {
  /** This server, whom assertions are for. */
  readonly issuer: string;
  /** Token types that assertions may be. */
  readonly types: readonly string[];
}

/** What an exchange reads and this grant does not: the assertion is the subject token, and the client acts. */
const OF_EXCHANGES = /^(subject_token|actor_token|requested_token)|^reason$/;

/** Resources that an assertion may name. */
const MAX_RESOURCES = 8;

/** What `typ` says of an assertion that is no plain JWT. */
const TYPES: Readonly<Record<string, string>> = { 'oauth-id-jag+jwt': TokenType.IdJag };

/**
 * The grant of RFC 7523 §2.1: a JWT that another server issued for this one is the subject token of an exchange by the same rules
 * as any other; an edge decides what is issued for it.
 */
export class JwtBearerGrant implements Grant {
  readonly grantType = GrantType.JwtBearer;
  readonly parameters: readonly string[];
  readonly repeatable = ['audience', 'resource'];
  readonly #options: JwtBearerGrantOptions;
  readonly #passed: readonly string[];

  constructor(options: JwtBearerGrantOptions) {
    this.#options = options;
    this.#passed = options.exchange.parameters.filter((name) => !OF_EXCHANGES.test(name));
    this.parameters = ['assertion', ...this.#passed];
  }

  async handle(request: GrantRequest): Promise<object> {
    const client = await registeredClient(request, this.#options);
    const form = await this.#toExchange(request);
    const address = this.#options.addressOf(request.request);
    const { proof, workload } = request;
    const context = { proof, address, workload, grantType: this.grantType, ...claimedTrace() };
    return formatTokenResponse(await this.#options.exchange.exchange(form, client, context));
  }

  refused(request: RefusedRequest): Promise<void> {
    return recordRefused(request, this.#options);
  }

  async #toExchange({ clientId, workload, form }: GrantRequest): Promise<URLSearchParams> {
    try {
      return this.#read(form);
    } catch (error) {
      const refusal = error instanceof TokenRejection ? noGrant(error.message) : error;
      if (refusal instanceof OAuthError) await this.refused({ clientId, workload, form, refusal });
      throw refusal;
    }
  }

  #read(form: URLSearchParams): URLSearchParams {
    const assertion = form.get('assertion');
    // RFC 7521 §4.1
    if (!assertion) throw new OAuthError('invalid_request', 'assertion is required');
    const { header, claims } = readUnverifiedJwt(assertion);
    const [audience, ...others] = [claims['aud']].flat();
    // before its target is looked for: one that is not for this server names resources of another
    if (audience !== this.#options.issuer || others.length > 0) {
      throw noGrant('The assertion must be for this server alone');
    }
    const type = TYPES[mediaSubtype(header.typ) ?? ''] ?? TokenType.Jwt;
    if (!this.#options.types.includes(type)) throw noGrant('The assertion is of a type that is not accepted');
    const asked = new URLSearchParams({
      grant_type: GrantType.TokenExchange,
      subject_token: assertion,
      subject_token_type: type,
      // RFC 7523 §2.1: an access token, never a grant for a further server
      requested_token_type: TokenType.AccessToken,
    });
    for (const name of this.#passed) for (const value of form.getAll(name)) asked.append(name, value);
    // what it says is anybody's word until it is verified, and a rule compares it then
    const resources = urisOf(claims['resource']);
    if (resources.length > MAX_RESOURCES) throw noGrant('The assertion names too many resources');
    if (!namesTarget(asked)) for (const uri of resources) asked.append('resource', uri);
    return asked;
  }
}

function noGrant(description: string): OAuthError {
  return new OAuthError('invalid_grant', description);
}

function namesTarget(form: URLSearchParams): boolean {
  return [...form.getAll('audience'), ...form.getAll('resource')].some(Boolean);
}

function urisOf(claim: unknown): readonly string[] {
  return [claim].flat().filter((value): value is string => typeof value === 'string' && isResourceIndicator(value));
}
