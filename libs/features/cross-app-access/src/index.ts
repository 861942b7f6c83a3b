export { crossAppAccess } from './cross-app-access.feature.js';
export { crossAppAccessSettings, type CrossAppAccessSettings, type CrossAppGrant } from './cross-app-access.schema.js';
