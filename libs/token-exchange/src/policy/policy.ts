import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';

/** What a registration says to others than this library. */
export interface Extensible {
  /** By the name of whom it is for, who has checked it. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** What can be asked for: a resource of this domain, the authorization server of another one, or a third party whose own tokens are handed out. */
export type TargetKind = 'resource' | 'authorization_server' | 'third_party';

/** What tokens can be issued for, as registered: mostly a protected resource. */
export interface ResourceRegistration extends Extensible {
  /** Its logical name: what clients send as `audience` and what stands in `aud`. RFC 8693 §2.1. */
  readonly audience: string;
  /**
   * What tokens for it are: access tokens for a resource (the default), or grants for the authorization server of another domain,
   * whose issuer identifier is then its `audience`; of a third party its own tokens, and never one of this server.
   */
  readonly kind?: TargetKind;
  /** Its absolute URI, when it may also be asked for by `resource`. RFC 8707 §2. */
  readonly resource?: string;
  /** Every scope that means something at this resource. RFC 9068 §3. */
  readonly scopes: readonly string[];
  /** The algorithm its access tokens are signed with; absent: the signer's default. */
  readonly signingAlgorithm?: SigningAlgorithm;
  /** What `typ` says of its access tokens. Default `at+jwt`; `jwt` is for decoders that know no other. RFC 9068 §2.1 */
  readonly typ?: 'at+jwt' | 'jwt';
  /** Whether its scopes are for those only that list them: users by their entitlements, clients by their direct access. */
  readonly reserved?: boolean;
}

/** A resource that a client has tokens for without an exchange. */
export interface DirectAccess {
  readonly audience: string;
  /** The most that such a token holds. */
  readonly scopes: readonly string[];
}

/** A client, as registered. */
export interface ClientRegistration extends Extensible {
  readonly clientId: string;
  readonly enabled: boolean;
  /** Whether the client authenticates. Public clients may not exchange. RFC 8693 §5. */
  readonly confidential: boolean;
  /** What it may ask for as itself. RFC 6749 §4.4. */
  readonly asItself?: readonly DirectAccess[];
  /** What it may ask for when a user signs in. RFC 6749 §4.1. */
  readonly asUser?: readonly DirectAccess[];
  /** The audiences whose tokens this client receives as a resource server, and may therefore exchange. */
  readonly represents: readonly string[];
  /** The audience meant when a request names no target. */
  readonly defaultTarget?: string;
  /** Answers some refusals as another server does, for clients that depend on it. */
  readonly compatible?: 'spring';
  /** Its tokens are always bound to its DPoP key. RFC 9449 §5.2, `dpop_bound_access_tokens`. */
  readonly dpopBound?: boolean;
  /** Its tokens are always bound to its certificate. RFC 8705 §3.4, `tls_client_certificate_bound_access_tokens`. */
  readonly certificateBound?: boolean;
  /** What kind of party it is when it acts for somebody, such as `service` or `ai_agent`. */
  readonly subProfile?: string;
}

/** When a scope of the target is granted. */
export interface ScopeGrant {
  /** Scopes that the subject token must hold, all of them. */
  readonly requires?: readonly string[];
}

/** A party that may appear in an actor token, beside the calling client. */
export interface PermittedActor {
  readonly sub: string;
  /** Absent: this authorization server. */
  readonly iss?: string;
}

/** One row of the policy: who may exchange what for what. What it does not say is not permitted. */
export interface Edge extends Extensible {
  /** By which records and explanations name it; absent: `client:subjectAudience:target:mode`. */
  readonly id?: string;
  readonly client: string;
  /** The audience of the subject token; for an ID token, the client's own identifier. Absent exactly in the mode `administrative`. */
  readonly subjectAudience?: string;
  /** The audience asked for. */
  readonly target: string;
  /** `administrative`: the subject is only named, and an administrator, who is on record, uses its account. */
  readonly mode: 'delegation' | 'impersonation' | 'administrative';
  /** Scopes of the target that may be granted. None listed, none granted. */
  readonly scopes: Readonly<Record<string, ScopeGrant>>;
  /** Who becomes the actor of a delegation. Default `client`. */
  readonly actor?: 'client' | 'actor_token' | 'either';
  /** Subjects of actor tokens that are accepted beside the calling client itself. */
  readonly actors?: readonly PermittedActor[];
  /** Types that the subject token may be presented as, as URNs. Default: access tokens, as `access_token` or `jwt`. */
  readonly subjectTypes?: readonly string[];
  /** Foreign issuers whose subject tokens are accepted, beside this authorization server's own. */
  readonly subjectIssuers?: readonly string[];
  /** The longest chain of actors, the new one included. Default 4. */
  readonly maxDepth?: number;
  /** Whether the new token says, as the subject token does, who may act, or that is spent with this exchange. Default `keep`. */
  readonly mayAct?: 'keep' | 'spent';
  /** The longest life of the new token, in seconds. Default 300, of an administrative edge 1800. */
  readonly timeToLive?: number;
  /** Whether an actor may appear again, and the call may return to a service that it came from. */
  readonly allowCycle?: boolean;
  /** Whether a key-bound subject token may be exchanged by the holder of another key, to which the new token is bound. */
  readonly rebind?: boolean;
  /** The oldest acceptable authentication of the user, in seconds; of an administrator 300 unless told. RFC 9470 §4. */
  readonly maxAuthenticationAge?: number;
  /** Whether the tokens of an administrative edge, and those exchanged from them, tell who acts. Default they do. RFC 8693 §1.1. */
  readonly disclose?: boolean;
  /** Accepted authentication context classes. RFC 9470 §4. */
  readonly acr?: readonly string[];
  /** Whether an impersonation must state its reason. Default `required`. */
  readonly reason?: 'required' | 'optional';
  /** Whether the target may share a token with other targets. RFC 8693 §2.1.1. */
  readonly sharesToken?: boolean;
  /** Token types that may be issued, as URNs. Default: access tokens, as `access_token` or `jwt`. */
  readonly issues?: readonly string[];
}

/** The registrations in force. Read again at every exchange, so that a removed edge is gone at once. */
export interface ExchangePolicy {
  /** The client that is registered under this id. */
  client(clientId: string): ClientRegistration | undefined;
  /** The resource with this logical name, compared character by character, or with this URI in any spelling. RFC 3986 §6.2.3 */
  resource(nameOrUri: string): ResourceRegistration | undefined;
  /** The edges of this client, from one of these audiences, to this target, in the order of preference. */
  edges(clientId: string, subjectAudiences: readonly string[], target: string): readonly Edge[];
  /** The edges of this client to this target whose subject is only named, in the order of preference. */
  administrativeEdges(clientId: string, target: string): readonly Edge[];
}

/** Seconds a new token lives when its edge does not say. */
export const DEFAULT_TIME_TO_LIVE = 300;

/** Seconds that an administrative impersonation lasts when its edge does not say. */
export const DEFAULT_IMPERSONATION_TIME = 1800;

/** Seconds that an administrative impersonation lasts at most, whatever its edge says. */
export const LONGEST_IMPERSONATION = 3600;

/** The oldest acceptable authentication of an administrator, in seconds, when the edge does not say. */
export const DEFAULT_ADMINISTRATOR_AGE = 300;

/** Actors a chain may hold when its edge does not say. */
export const DEFAULT_MAX_DEPTH = 4;

/** What a target is when it does not say. */
export const DEFAULT_KIND: TargetKind = 'resource';

/** What a registered target is. */
export const kindOf = ({ kind = DEFAULT_KIND }: ResourceRegistration): TargetKind => kind;

/** What an edge takes and issues when it does not say. */
export const DEFAULT_TOKEN_TYPES: readonly string[] = [TokenType.AccessToken, TokenType.Jwt];
