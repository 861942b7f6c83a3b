import { grantIdentity } from '@onbehalf/authorization-server';
import { isResourceIndicator } from '@onbehalf/oauth-protocol';
import { z } from 'zod';

const name = z.string().min(1, 'a non-empty string');

/** The section `crossAppAccess` of the configuration file. */
export const crossAppAccessSettings = z
  .strictObject({
    idJag: z
      .enum(['draft-04'])
      .default('draft-04')
      .describe('the text of draft-ietf-oauth-identity-assertion-authz-grant that is spoken'),
    reuse: z
      .enum(['once', 'until-expiry'])
      .default('once')
      .describe('how often an ID-JAG of another domain is redeemed'),
  })
  .optional()
  .describe('ID-JAGs: issued under the policy of an administrator, and those of other domains redeemed');

/** The member `crossAppAccess` of an edge, which makes it a cross-app grant: what an administrator lets a client reach elsewhere. */
export const crossAppGrant = z
  .strictObject({
    clientId: name.describe('how the client is registered there'),
    resources: z
      .array(z.string().refine(isResourceIndicator, 'an absolute URI without a fragment (RFC 8707 section 2)'))
      .min(1, 'at least one resource')
      .describe('the resources there that it may reach'),
    users: z
      .union([z.literal('all'), z.array(name).min(1, 'all, or at least one user')])
      .describe('for whom: all, or these users'),
    ...grantIdentity,
  })
  .describe('a cross-app grant: the edge leads to the authorization server of another domain, by an ID-JAG');

/** The section `crossAppAccess` of the configuration as it was read and checked, with its defaults. */
export type CrossAppAccessSettings = NonNullable<z.infer<typeof crossAppAccessSettings>>;
/** What an administrator lets a client reach in another domain, as an edge of the configuration says it. */
export type CrossAppGrant = z.infer<typeof crossAppGrant>;
