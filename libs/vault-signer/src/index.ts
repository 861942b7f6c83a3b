export type { TransitSchedule } from './transit-key.js';
export { VaultError } from './vault-client.js';
export { VaultTransitSigner, type TransitSigningKey, type VaultTransitOptions } from './vault-transit-signer.js';
