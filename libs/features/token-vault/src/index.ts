export { tokenVault } from './token-vault.feature.js';
export type { TokenVaultSettings } from './token-vault.schema.js';
