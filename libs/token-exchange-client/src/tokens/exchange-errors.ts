import { matterOf, type RefusalCause, type RefusedMatter } from './refusal-cause.js';

/** What the user must do again before the call can succeed. RFC 9470 §3; `claims` is Entra's claims challenge. */
export interface StepUp {
  /** Space-separated, as `acr_values` on the wire. */
  readonly acrValues?: string;
  /** Seconds. */
  readonly maxAge?: number;
  readonly scope?: string;
  /** A JSON object as text. */
  readonly claims?: string;
}

/** What the user must do first, such as allowing an agent to act, or linking an account. */
export interface InteractionNeeded {
  /** Where the user does it, at the authorization server. */
  readonly uri: string;
  /** The scopes that lack, space-separated. */
  readonly scope?: string;
}

export interface RefusalDetail extends Partial<RefusalCause> {
  readonly error: string;
  readonly description?: string;
  readonly status: number;
  readonly stepUp?: StepUp;
  readonly interaction?: InteractionNeeded | undefined;
  readonly subjectExpired?: boolean;
  /** The downstream service that the token was for. */
  readonly service?: string;
  /** The issuer of the other domain's authorization server, when it is the one that refused. */
  readonly domain?: string;
}

/**
 * The authorization server refused the exchange: `error` and `description` as it sent them (RFC 6749 §5.2, RFC 8693 §2.2.2).
 * Neither holds a token.
 */
export class ExchangeRefused extends Error {
  readonly error: string;
  readonly description: string | undefined;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Present when the user must authenticate again, or stronger. */
  readonly stepUp: StepUp | undefined;
  /** Present when the user must do something first, once; then the same exchange can succeed. */
  readonly interaction: InteractionNeeded | undefined;
  /** The subject token had reached its end: a fresh one may well be exchanged. */
  readonly subjectExpired: boolean;
  /** What was refused, which tells who can do something about it. */
  readonly about: RefusedMatter;
  /** What to look at when the set-up is at fault. */
  readonly setting: string | undefined;
  /** The downstream service that the token was for; `undefined` for the bare exchange. */
  readonly service: string | undefined;
  /** The other domain's authorization server, when it is the one that refused; `undefined`: the own one did. */
  readonly domain: string | undefined;

  constructor(detail: RefusalDetail) {
    const { error, description, status, stepUp, subjectExpired = false, about, setting, service, domain } = detail;
    const server = domain === undefined ? 'The authorization server' : `The authorization server ${domain}`;
    super(`${server} refused the exchange: ${error}${description ? ` (${description})` : ''}`);
    this.name = 'ExchangeRefused';
    this.error = error;
    this.description = description;
    this.status = status;
    this.stepUp = stepUp;
    this.interaction = detail.interaction;
    this.subjectExpired = subjectExpired;
    this.about = about ?? matterOf(error);
    this.setting = setting;
    this.service = service;
    this.domain = domain;
  }
}

/** Why no exchange was possible. */
export type UnavailableReason =
  /** The server did not answer in time. */
  | 'timeout'
  /** No connection, or a broken one. */
  | 'connection'
  /** The server answered 429 or 5xx. */
  | 'status'
  /** The server failed too often just now and is left alone, or it asked to be left alone (Retry-After). */
  | 'resting'
  /** The answer is not what RFC 6749 §5.1 and RFC 8693 §2.2.1 prescribe. */
  | 'malformed'
  /** The server's metadata cannot be had. */
  | 'discovery'
  /** This service has no credentials: the file with its assertion cannot be used. */
  | 'credentials';

/** No exchange is possible now. Says nothing about the user or the token. */
export class ExchangeUnavailable extends Error {
  constructor(
    readonly reason: UnavailableReason,
    message: string,
    /** Seconds until it is worth to try again. */
    readonly retryAfter?: number,
  ) {
    super(message);
    this.name = 'ExchangeUnavailable';
  }
}

/** There is no access token of a current request to exchange. A mistake in the program, or a public route. */
export class NoSubjectToken extends Error {
  constructor() {
    super(
      'There is no access token to exchange: the call is outside of a guarded request. ' +
        'Use onBehalfOf(token, work) to act for a user, or asService() to act as the service itself.',
    );
    this.name = 'NoSubjectToken';
  }
}
