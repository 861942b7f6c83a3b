import type { Edge } from '@onbehalf/token-exchange';
import { z } from 'zod';

/** The name of the section, and of the members of registrations. */
export const SECTION = 'tokenVault';

/** What tokens of people may be good for at `/me/linked-accounts`. */
export const READ = 'linked_accounts.read';
export const WRITE = 'linked_accounts.write';

const DAY = 86_400;

const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope (RFC 6749 section 3.3)');
const name = z.string().min(1, 'a non-empty string').max(100, 'at most 100 characters');
const url = z
  .string('an http or https URL')
  .regex(/^https?:\/\/[^\s@#]+$/i, 'an http or https URL without credentials and fragment')
  .refine((value) => URL.canParse(value), 'an http or https URL');

const endpoints = z.strictObject({
  authorization: url,
  token: url,
  revocation: url.optional().describe('where tokens are revoked (RFC 7009)'),
  userinfo: url.optional().describe('what tells, for an access token, of whose account it is'),
});

const provider = z
  .strictObject({
    name: name
      .regex(/^[\w.-]+$/, 'letters, digits, dots, hyphens and underscores')
      .describe('the audience that is asked for: that of a resource of the kind third_party'),
    title: name.optional().describe('what people call it; its name unless told'),
    preset: z.enum(['google', 'github', 'slack', 'microsoft']).optional().describe('what is known of this provider'),
    tenant: z
      .string()
      .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'the id of a tenant, in lower case')
      .optional()
      .describe('the tenant, of the preset microsoft alone'),
    issuer: url.optional().describe('of an OpenID provider: its issuer identifier, by which its metadata is found'),
    endpoints: endpoints.optional().describe('where it is asked; absent: by the metadata of the issuer'),
    allowInsecureHttp: z
      .boolean()
      .default(false)
      .describe('whether it may be asked by plain http elsewhere than on this machine: only where nobody listens'),
    clientId: name.describe('how this server is registered there'),
    clientSecret: z.string().min(1, 'a non-empty secret').optional(),
    authentication: z
      .enum(['client_secret_basic', 'client_secret_post', 'none'])
      .optional()
      .describe('how this server authenticates there; client_secret_basic unless the preset has another'),
    identityScopes: z
      .array(scope)
      .optional()
      .describe('asked for beside the scopes of the resource; openid for an OpenID provider unless told'),
    authorizationParameters: z
      .record(z.string(), z.string())
      .optional()
      .describe('further parameters of the authorization request, such as access_type'),
    rotates: z.boolean().optional().describe('whether each refresh replaces the refresh token; it does unless told'),
    narrows: z
      .boolean()
      .optional()
      .describe(
        'whether a refresh for fewer scopes gives a token for no more; it does unless told or a preset says so',
      ),
    userinfo: z
      .strictObject({ id: name.default('sub'), label: name.default('name') })
      .optional()
      .describe('the members of the userinfo answer that hold the id and the name of the account'),
  })
  .describe('a provider at which users link accounts');

export const settingsSchema = z
  .strictObject({
    providers: z.array(provider).min(1, 'at least one provider'),
    linkTime: z
      .int('whole seconds')
      .min(30, 'no less than 30 seconds')
      .max(900, 'no more than 900 seconds')
      .default(300)
      .describe('seconds that a link to connect an account is good for'),
    unusedDays: z
      .int('whole days')
      .min(1, 'no less than 1 day')
      .max(3650, 'no more than 3650 days')
      .default(365)
      .describe('days after its last use that an account stays linked'),
    endedDays: z
      .int('whole days')
      .min(1, 'no less than 1 day')
      .max(365, 'no more than 365 days')
      .default(30)
      .describe('days that an account is shown as ended before it is forgotten'),
  })
  .optional()
  .describe('accounts of third parties that users have linked, whose access tokens are handed out by exchange');

export const edgeSchema = z
  .strictObject({
    acceptsWider: z
      .boolean()
      .default(false)
      .describe('whether the client may be given a token for more than it asks for, where the provider gives no other'),
  })
  .describe('of an edge to a third party');

/** The section `tokenVault` of the configuration as it was read and checked, with its defaults. */
export type TokenVaultSettings = NonNullable<z.infer<typeof settingsSchema>>;
export type ProviderSettings = TokenVaultSettings['providers'][number];

/** What an edge says of linked accounts; what it does not say has its default. */
export function ofEdge(edge: Edge | undefined): z.infer<typeof edgeSchema> {
  return edgeSchema.parse(edge?.extensions?.[SECTION] ?? {});
}

/** Seconds after its last use that an account stays linked, and that one is shown which has ended. */
export function retention({ unusedDays, endedDays }: TokenVaultSettings): {
  readonly unused: number;
  readonly ended: number;
} {
  return { unused: unusedDays * DAY, ended: endedDays * DAY };
}
