export { auth0CustomExchange, auth0OnBehalfOf } from './auth0.preset.js';
export { entraOnBehalfOf } from './entra-on-behalf-of.preset.js';
export { keycloak } from './keycloak.preset.js';
export { okta } from './okta.preset.js';
export { onbehalf } from './onbehalf.preset.js';
export type { Preset } from './preset.js';
export { springAuthorizationServer } from './spring-authorization-server.preset.js';
export { zitadel } from './zitadel.preset.js';
