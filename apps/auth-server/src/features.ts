import { FeatureSet } from '@onbehalf/authorization-server';
import { administrativeImpersonation } from '@onbehalf/feature-administrative-impersonation';
import { aiAgents } from '@onbehalf/feature-ai-agents';
import { crossAppAccess } from '@onbehalf/feature-cross-app-access';
import { customSubjectTokens } from '@onbehalf/feature-custom-subject-tokens';
import { idTokens } from '@onbehalf/feature-id-tokens';
import { identityChaining } from '@onbehalf/feature-identity-chaining';
import { samlAssertion } from '@onbehalf/feature-saml-assertion';
import { tokenVault } from '@onbehalf/feature-token-vault';

/** What this server can do beside OAuth 2.0, OpenID Connect and RFC 8693: one line for each feature of `libs/features`. */
export const features = new FeatureSet([
  idTokens,
  samlAssertion,
  customSubjectTokens,
  administrativeImpersonation(),
  identityChaining,
  crossAppAccess,
  aiAgents,
  tokenVault,
]);
