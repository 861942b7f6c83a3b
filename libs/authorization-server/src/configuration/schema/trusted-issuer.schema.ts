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
    usages: z
      .array(z.enum(['exchange', 'id-jag', 'jwt-bearer']))
      .min(1, 'at least one usage')
      .default(['exchange'])
      .describe('what its word is taken for: subject tokens of exchanges, ID-JAGs, grants by RFC 7523'),
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
