export {
  administrativeImpersonation,
  type AdministrativeImpersonationOptions,
} from './administrative-impersonation.feature.js';
export type { AdministrativeImpersonationSettings } from './administrative-impersonation.schema.js';
export type { BegunImpersonation } from './impersonation.js';
