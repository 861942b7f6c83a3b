import type { ModuleMetadata } from '@nestjs/common';
import type {
  AuditField,
  ConsentStore,
  IssuedTokens,
  PartyKind,
  ReplayDetection,
  TableDeclaration,
  Tables,
} from '@onbehalf/authorization-ports';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import type { Clock } from '@onbehalf/oauth-protocol';
import type {
  Admission,
  AuditMember,
  ExchangeRefusal,
  ExchangePolicy,
  ExchangeState,
  ForeignIssuer,
  OwnActor,
  Progress,
  Rule,
  TokenIssuer,
  TokenSigner,
  TokenVerifier,
  Way,
} from '@onbehalf/token-exchange';
import type { ConsentEvent, FeatureEvent } from '../audit/audit-event.js';
import type { ConfigSection } from '../configuration/schema/config-section.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import type { Grant } from '../endpoint/grant.js';
import type { ServerMetrics } from '../metrics/server-metrics.js';
import type { RefreshTokens } from '../ports/refresh-tokens.js';
import type { RateLimiter } from '../rate-limits/rate-limiter.js';
import type { AccountCreation } from '../accounts/account-creation.js';

/** What a feature is built from, once, when the server starts. */
export interface FeatureParts<Settings> {
  /** What its section of the configuration file says. */
  readonly settings: Settings;
  /** Everything that is registered at this moment, the changes of operators included; do not keep it. */
  readonly config: () => ServerConfig;
  /** This server, as the issuer of its own tokens. */
  readonly own: TrustedIssuer;
  /** The issuers that the configuration trusted at the start, with their keys; requests tell their verifiers those of now. */
  readonly foreignIssuers: readonly ForeignIssuer[];
  /** Signs with the keys of this server. */
  readonly signer: TokenSigner;
  /** A fresh identifier for each token, not to be guessed. */
  readonly randomId: () => string;
  /** Now, in seconds since the epoch. */
  readonly clock: Clock;
  /** Clients, resources and edges in force. */
  readonly policy: ExchangePolicy;
  /** What has become of tokens and accounts. */
  readonly state: ExchangeState;
  /** The refresh tokens of this server, for those who take them as subject tokens. */
  readonly refreshTokens: RefreshTokens;
  /** Marks identifiers as used, for all replicas together. */
  readonly replay: ReplayDetection;
  /** The index of issued tokens, to revoke what the feature has issued with all that was exchanged from it. */
  readonly tokens: Pick<IssuedTokens, 'standing' | 'revoke'>;
  /** What `/metrics` tells. */
  readonly metrics: Pick<ServerMetrics, 'counter' | 'gauge'>;
  /** The tables that the feature declares. */
  readonly tables: Tables;
  /** Holds limits for all replicas together. */
  readonly rateLimiter: Pick<RateLimiter, 'hit' | 'waitShared'>;
  /** Creates accounts for users whom the feature vouches for. */
  readonly accounts: Pick<AccountCreation, 'create'>;
  /** What users let clients do. */
  readonly consents: Pick<ConsentStore, 'of' | 'give'>;
  /** The number of the life that a client or an account leads now; consents and tokens are of one life. `undefined`: it leads none. */
  readonly lifeOf: (kind: PartyKind, id: string) => number | undefined;
  /** Records what the feature does beside exchanges; resolves when the record is durable. */
  readonly record: (event: FeatureEvent | ConsentEvent) => Promise<void>;
}

/** What a feature adds to the token endpoint. */
export interface FeatureRegistration {
  /** For further types of subject and actor tokens. */
  readonly verifiers?: readonly TokenVerifier[];
  /** Judge every exchange, after the rules of the engine. */
  readonly rules?: readonly Rule[];
  /** Asked about what all rules permit, last of all; for what takes I/O. */
  readonly admissions?: readonly Admission[];
  /** What its clients present as actor_token where an exchange is explained without tokens. */
  readonly ownActors?: readonly OwnActor[];
  /** For further types of requested tokens. */
  readonly issuers?: readonly TokenIssuer[];
  /** Beside those of RFC 6749 and RFC 8693. */
  readonly grants?: readonly Grant[];
  /** Issuers whose subjects the verifiers know as `iss#sub`, beside those that the configuration trusts. */
  readonly foreignIssuers?: readonly string[];
}

/** A member of audit records, and where the value comes from in the record of an exchange. */
export interface FeatureAuditField extends AuditField {
  /** Absent: only the records of the feature's own events have it. */
  readonly of?: AuditMember['of'];
}

/**
 * What a feature adds to the HTTP side. Its controllers and providers can inject `TokenExchange`, `FeatureRuntime`,
 * and by `FEATURE_PARTS` the {@link FeatureParts} of the feature; `AccessTokenGuard` of resource-server guards operators' routes.
 */
export type FeatureModule = Pick<ModuleMetadata, 'imports' | 'controllers' | 'providers'>;

/** What the controllers of a feature are built from. */
export const FEATURE_PARTS = Symbol('the parts of the feature');

/**
 * A capability of the server: one folder of `libs/features` and one line in `apps/auth-server/src/features.ts`. Everything but the
 * name and the settings may be left out.
 */
export interface Feature<Settings = unknown> extends ConfigSection<Settings> {
  /** What the feature adds to the token endpoint. Called once, at the start. */
  register?(parts: FeatureParts<NonNullable<Settings>>): FeatureRegistration;
  /** Members of the server's metadata, by what is registered now; of lists that several features have, all entries. RFC 8414 §2 */
  metadata?(settings: NonNullable<Settings>, config: ServerConfig): Readonly<Record<string, unknown>>;
  readonly tables?: readonly TableDeclaration[];
  readonly audit?: readonly FeatureAuditField[];
  /** Endpoints and pages. */
  module?(settings: NonNullable<Settings>): FeatureModule;
  /** What it has to say in the explanation of an exchange that came so far; `undefined`: nothing. No token and no secret. */
  explain?(reached: Progress, refusal?: ExchangeRefusal): unknown;
  /** Ways to audiences that it adds to the edges, for whoever asks who can reach an audience. */
  reach?(settings: NonNullable<Settings>, config: ServerConfig): readonly Omit<Way, 'via'>[];
}

/** Lets the compiler know the settings of a feature. */
export function defineFeature<Settings>(feature: Feature<Settings>): Feature<Settings> {
  return feature;
}
