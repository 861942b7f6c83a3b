import { FeatureSet } from '@onbehalf/authorization-server';
import { administrativeImpersonation } from '@onbehalf/feature-administrative-impersonation';
import { customSubjectTokens } from '@onbehalf/feature-custom-subject-tokens';
import { idTokens } from '@onbehalf/feature-id-tokens';
import { samlAssertion } from '@onbehalf/feature-saml-assertion';

/** What this server can do beside OAuth 2.0, OpenID Connect and RFC 8693: one line for each feature of `libs/features`. */
export const features = new FeatureSet([idTokens, samlAssertion, customSubjectTokens, administrativeImpersonation()]);
