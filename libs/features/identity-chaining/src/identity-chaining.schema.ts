import { grantIdentity } from '@onbehalf/authorization-server';
import { z } from 'zod';

/** The section `identityChaining` of the configuration file. */
export const identityChainingSettings = z
  .strictObject({
    draft: z
      .enum(['draft-17'])
      .default('draft-17')
      .describe('the text of draft-ietf-oauth-identity-chaining that is spoken'),
    reuse: z.enum(['once', 'until-expiry']).default('once').describe('how often a grant of another domain is redeemed'),
  })
  .optional()
  .describe('grants for the authorization servers of other domains, and theirs for clients of this one');

/** The member `identityChaining` of an edge that leads to another domain. */
export const chainedIdentity = z.strictObject(grantIdentity).describe('what a grant for another domain tells');

/** The section `identityChaining` of the configuration as it was read and checked, with its defaults. */
export type IdentityChainingSettings = NonNullable<z.infer<typeof identityChainingSettings>>;
