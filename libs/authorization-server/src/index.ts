export type * from './audit/audit-event.js';
export { claimedTrace } from './audit/claimed-trace.js';
export { sentenceOf } from './audit/audit-sentence.js';
export type { AuthorizationServerOptions } from './authorization-server.options.js';
export { AuthorizationServer } from './authorization-server.js';
export { AuthorizationServerModule } from './authorization-server.module.js';
export { Lane, LaneFull } from './accounts/lane.js';
export { hashPassword, verifyPassword } from './accounts/password.js';
export { ADMIN_AUDIENCE } from './configuration/own/admin-audience.js';
export { emailOf } from './accounts/email-address.js';
export { grantIdentity } from './configuration/schema/grant-identity.schema.js';
export type { ConfigSection, SectionMembers } from './configuration/schema/config-section.js';
export { serverConfigJsonSchema } from './configuration/schema/json-schema.js';
export { parseServerConfig, readServerConfig } from './configuration/read-server-config.js';
export { writtenOut } from './configuration/written-out.js';
export type { ServerConfig } from './configuration/schema/server-config.schema.js';
export type { Grant, GrantRequest, RefusedRequest } from './endpoint/grant.js';
export {
  defineFeature,
  FEATURE_PARTS,
  type Feature,
  type FeatureAuditField,
  type FeatureModule,
  type FeatureParts,
  type FeatureRegistration,
} from './features/feature.js';
export { featureModules } from './features/feature-modules.js';
export { FeatureRuntime } from './features/feature-runtime.js';
export { FeatureSet } from './features/feature-set.js';
export type { Drift } from './registrations/drift/drift.js';
export {
  ConfigurationReload,
  ReloadRefused,
  type ConfigurationReloadOptions,
  type Beside,
  type ReadAgain,
  type Reload,
} from './registrations/reload/configuration-reload.js';
export type { Operator } from './registrations/changes/change-event.js';
export type { FileChange } from './registrations/reload/file-changes.js';
export { NotRegistered } from './registrations/changes/registration-changes.js';
export {
  RegistrationsByCommand,
  type RegistrationsByCommandOptions,
} from './registrations/changes/registrations-by-command.js';
export { toPolicyRegistrations } from './policy/exchange-policy.js';
export { usableEdges } from './policy/usable-edges.js';
export { KeyRotation, RotationTooEarly, type TakenStep } from './keys/key-rotation.js';
export type { KeySchedule } from './keys/key-schedule.js';
export { ME_AUDIENCE } from './configuration/own/me-audience.js';
export { PersonGuard } from './me/person.guard.js';
export { CurrentPerson, type Person } from './me/person.js';
export { requireJson } from './protocol/require-json.js';
export { goOnPage } from './pages/go-on-page.js';
export { FormTokens } from './consents/form-tokens.js';
export { answerMistakes } from './admin/registration-answers.js';
export { RegistrationChanges } from './registrations/changes/registration-changes.js';
export { OwnFormsGuard } from './pages/own-forms.guard.js';
export { page, pagePolicy } from './pages/page.js';
export { CONSENTS_PATH, signedOutPage } from './pages/consents-page.js';
export { consentChoice, consentsLink } from './pages/consent-choice.js';
export { scopeList } from './pages/scope-list.js';
export { NoSuchSignIn, SignInRefused, SignIns, type BegunSignIn } from './pages/sign-ins.js';
export {
  AuthorizationServerTesting,
  type TestStorage,
  type TestToken,
} from './testing/authorization-server-testing.js';
export { Visitors, type Visitor } from './pages/visitors.js';
export { Pages, PageView } from './pages/page-view.js';
export { answerRefusalPage, refusalPages } from './pages/refusal-page.js';
export { OutageFilter } from './pages/outage.filter.js';
export { ServerController } from './pages/server-controller.decorator.js';
export { SignerUnavailable, type ExternalKey, type ExternalSigner } from './keys/external-signer.js';
export { RemoteSigningKeys, type RemoteSigningKeysOptions } from './keys/remote-signing-keys.js';
export { ReplaceableSigningKeys, type ReplaceableSigningKeysOptions } from './keys/replaceable-signing-keys.js';
export { SigningKeys } from './keys/signing-keys.js';
export { StoredSigningKeys, type StoredSigningKeysOptions } from './keys/stored-signing-keys.js';
export type { ServerStorage } from './ports/server-storage.js';
export type { HeldRefreshToken, RefreshTokens } from './ports/refresh-tokens.js';
export { parseInput } from './protocol/bad-request.js';
export { rateKey, type RateKey, type RateLimit, type RateLimiter } from './rate-limits/rate-limiter.js';
export { Accounts, type Account } from './accounts/accounts.js';
export type { AccountsPort, NewAccount, OwnAccount } from './ports/accounts.js';
export { OwnClients } from './clients/own-clients.js';
export { hash as hashSecret } from './registrations/documents/client-secrets.js';
export type { ClientsPort, OwnClient } from './ports/clients.js';
export type { LogLevels } from './ports/log-levels.js';
export type { LoginPage, LoginView } from './ports/login-view.js';
export { PortUnavailable } from './ports/ask-port.js';
export { ServerMetrics, type StoreQuery } from './metrics/server-metrics.js';
