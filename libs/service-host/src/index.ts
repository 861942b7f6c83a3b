export { createApp, type AppOptions, type CreatedApp } from './start/create-app.js';
export {
  authenticationOf,
  clientSettings,
  credentialsOf,
  withCredentials,
  type ClientCredentials,
} from './start/client-settings.js';
export { loadEnvironment, readEnvironment, type EnvironmentSource } from './start/environment.js';
export { describeError, type ErrorDescription } from './telemetry/error-description.js';
export type { ReadinessIndicator, ReadinessIndicators } from './telemetry/health.js';
export { type Middleware } from './requests/middleware.js';
export type { OpenApiOptions } from './requests/open-api.js';
export type { OverloadOptions } from './requests/load-shedding.js';
export { serviceResource } from './telemetry/service-resource.js';
export { hostSettings, httpUrl, port, text, wholeNumber, type HostSettings } from './start/settings.js';
export type { LogLevel } from './telemetry/log-level.js';
export type { Host } from './start/host.js';
export { startApp } from './start/start-app.js';
export { callsOfThisRequest, type TimedCall } from './telemetry/timed-calls.js';
export { currentRequestId, currentTraceId } from './telemetry/tracing.js';
export { isExported, type Signal, type TelemetrySettings } from './telemetry/telemetry-settings.js';
