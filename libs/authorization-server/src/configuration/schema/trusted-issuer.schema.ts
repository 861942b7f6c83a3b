import { ACCESS_TOKEN_PROFILES, SIGNING_ALGORITHMS, type AccessTokenProfileName } from '@onbehalf/jwt-verification';
import { z } from 'zod';
import { issuer, name, publicKeys, url } from './values.schema.js';

const PROFILES = Object.keys(ACCESS_TOKEN_PROFILES) as [AccessTokenProfileName, ...AccessTokenProfileName[]];

/** OpenID Connect Core §2, §5.1: what an ID token may have tells nothing. */
const OF_ID_TOKENS: readonly string[] = [
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'auth_time', 'nonce', 'acr', 'amr', 'azp', 'sid'],
  ...[
    'at_hash',
    'c_hash',
    's_hash',
    'name',
    'given_name',
    'family_name',
    'preferred_username',
    'email',
    'email_verified',
  ],
];

export const trustedIssuer = z
  .strictObject({
    issuer,
    jwksUri: url.optional().describe('absent: found by discovery'),
    jwks: publicKeys.optional(),
    algorithms: z.array(z.enum(SIGNING_ALGORITHMS)).min(1, 'at least one algorithm'),
    types: z
      .array(name)
      .min(1, 'at least one type')
      .optional()
      .describe('accepted values of typ, such as jwt; absent: those of the profile, or at+jwt'),
    requiredClaims: z
      .array(name.refine((claim) => !OF_ID_TOKENS.includes(claim), 'claims that ID tokens do not have'))
      .min(1, 'at least one claim')
      .optional()
      .describe(
        'claims that its subject tokens have and its ID tokens have not; absent: client_id or scope, where neither typ nor the profile tells them apart',
      ),
    profile: z
      .enum(PROFILES)
      .optional()
      .describe(
        'the product whose access tokens these are, such as spring for Spring Authorization Server; absent: those of RFC 9068, or what types and requiredClaims say',
      ),
    usages: z
      .array(z.enum(['exchange', 'id-jag', 'jwt-bearer', 'workload']))
      .min(1, 'at least one usage')
      .default(['exchange'])
      .describe(
        'what its word is taken for: subject tokens of exchanges, ID-JAGs, grants by RFC 7523, or, alone, which workload a client is',
      ),
    tenant: name
      .optional()
      .describe(
        'which tenant of the issuer is trusted, by the claim tenant of ID-JAGs; absent: those without the claim',
      ),
    subject: z
      .strictObject({
        claim: name.default('sub'),
        to: z.enum(['account', 'qualified']),
        domains: z
          .array(z.string().regex(/^[a-z0-9.-]+$/, 'a domain in lower case, such as partner.example'))
          .min(1, 'at least one domain')
          .optional()
          .describe('the domains of e-mail addresses that the issuer owns, for the claim email'),
      })
      .optional()
      .describe(
        'the claim that names a local account, or becomes iss#value; an email names the account with that address; absent: iss#sub',
      ),
  })
  .describe('a foreign issuer, and what its word is taken for');
