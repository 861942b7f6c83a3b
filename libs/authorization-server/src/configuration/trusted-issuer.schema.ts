import { ACCESS_TOKEN_PROFILES, SIGNING_ALGORITHMS, type AccessTokenProfileName } from '@onbehalf/jwt-verification';
import { z } from 'zod';
import { issuer, name, publicKeys, url } from './values.schema.js';

const PROFILES = Object.keys(ACCESS_TOKEN_PROFILES) as [AccessTokenProfileName, ...AccessTokenProfileName[]];

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
    profile: z
      .enum(PROFILES)
      .optional()
      .describe(
        'the product whose access tokens these are, such as spring for Spring Authorization Server; absent: any JWT',
      ),
    subject: z
      .strictObject({ claim: name.default('sub'), to: z.enum(['account', 'qualified']) })
      .optional()
      .describe('the claim that names a local account, or becomes iss#value; absent: iss#sub'),
  })
  .describe('a foreign issuer whose JWTs may be exchanged');
