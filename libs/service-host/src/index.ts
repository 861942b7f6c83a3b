export { createApp, type AppOptions, type CreatedApp } from './create-app.js';
export { loadEnvironment, readEnvironment, type EnvironmentSource } from './environment.js';
export { describeError, type ErrorDescription } from './error-description.js';
export type { ReadinessIndicator, ReadinessIndicators } from './health.js';
export { type Middleware } from './middleware.js';
export type { OpenApiOptions } from './open-api.js';
export { hostSettings, httpUrl, isLoopbackUrl, port, text, type HostSettings } from './settings.js';
export { startApp } from './start-app.js';
export { currentRequestId, currentTraceId } from './tracing.js';
