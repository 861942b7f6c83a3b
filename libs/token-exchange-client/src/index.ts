export type { Across } from './across/across.js';
export type { CacheMetrics } from './cache/cache-metrics.js';
export type { ObtainedToken, TokenOrigin } from './cache/exchange-cache.js';
export type { Clocks } from './cache/expiry.js';
export type { SharedCache, SharedCacheOptions } from './cache/shared-cache.js';
export type * from './client-authentication/client-authentication.js';
export type { SigningKey } from './client-authentication/signing-key.js';
export type { DpopOptions } from './dpop/dpop-proofs.js';
export type { Call, CallOptions } from './downstream/call.js';
export { DownstreamClient } from './downstream/downstream-client.js';
export type { ActorSource, DownstreamDefinition } from './downstream/downstream-definition.js';
export { DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer } from './downstream/downstream-errors.js';
export type { Schema } from './downstream/standard-schema.js';
export { interceptAxios } from './downstream/axios-on-behalf.js';
export { fetchOnBehalf, type DownstreamFetch, type FetchInit } from './downstream/fetch-on-behalf.js';
export { DownstreamExceptionFilter } from './downstream-exception.filter.js';
export type { ExchangeParameters, TargetParameters } from './exchange-parameters.js';
export {
  ExchangeRefused,
  ExchangeUnavailable,
  NoSubjectToken,
  type InteractionNeeded,
  type StepUp,
} from './tokens/exchange-errors.js';
export { ExchangedToken } from './tokens/exchanged-token.js';
export { InjectDownstream, InjectTokenExchange } from './inject-downstream.decorator.js';
export { carriedRequest, type CarriedRequest } from './microservices/carried-request.js';
export { carryOnBehalf, messageHeaders, type HeaderCarrier } from './microservices/message-headers.js';
export type { CacheOptions } from './cache/cache-options.js';
export type { TokenExchangeOptions } from './options/token-exchange-options.js';
export * from './presets/index.js';
export type { MessageRefusal } from './other-transports.js';
export type { RefusalCause, RefusalRule, RefusedMatter } from './tokens/refusal-cause.js';
export { toProblem, type Problem, type ProblemAnswer } from './problem.js';
export type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
export type { Actor } from '@onbehalf/oauth-protocol';
export { currentSubjectToken, onBehalfOf, type SubjectToken } from './subject-token.js';
export { connectionToken, downstreamToken } from './token-exchange.constants.js';
export { TokenExchangeHealthIndicator, type TokenExchangeHealth } from './token-exchange.health.js';
export { TokenExchangeModule, type DownstreamFactory } from './token-exchange.module.js';
export { TokenExchangeService } from './token-exchange.service.js';
