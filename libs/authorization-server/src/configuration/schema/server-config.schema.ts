import { isResourceIndicator, MAX_ACTORS } from '@onbehalf/oauth-protocol';
import { z } from 'zod';
import { OWN_ALGORITHMS } from '../../keys/key-set.js';
import { lifetimes } from './lifetimes.schema.js';
import { pages } from './pages.schema.js';
import { passwordHash } from './password-hash.js';
import { rateLimits } from './rate-limits.schema.js';
import { trustedIssuer } from './trusted-issuer.schema.js';
import { workload } from './workload.schema.js';
import {
  audience,
  clientId,
  grantTypes,
  issuer,
  name,
  origin,
  publicKeys,
  redirectUri,
  registeredName,
  scope,
  seconds,
  tokenType,
} from './values.schema.js';

/** Begins the URIs by which resources without one are known between this server and its provider. */
export const AUDIENCE_URN = 'urn:onbehalf:audience:';

export const resource = z
  .strictObject({
    audience: registeredName.describe('the value of the aud claim'),
    kind: z
      .enum(['resource', 'authorization_server', 'third_party'])
      .default('resource')
      .describe(
        'authorization_server: that of another domain, with its issuer identifier as the audience; it is given grants, never access tokens; third_party: a provider at which users have accounts, whose own tokens are handed out',
      ),
    resource: z
      .string()
      .refine(isResourceIndicator, 'an absolute URI without a fragment (RFC 8707 section 2)')
      .refine((uri) => !uri.toLowerCase().startsWith(AUDIENCE_URN), `a URI that does not begin with ${AUDIENCE_URN}`)
      .optional()
      .describe('the URI that names this resource server in resource parameters (RFC 8707)'),
    scopes: z.array(scope).default([]).describe('every scope that means something to this resource server'),
    signingAlgorithm: z.enum(OWN_ALGORITHMS).default('ES256').describe('how its access tokens are signed'),
    typ: z
      .enum(['at+jwt', 'jwt'])
      .default('at+jwt')
      .describe(
        'the type that its access tokens carry; jwt for decoders that know no other, which then take any JWT for one',
      ),
  })
  .describe('a resource server: who tokens can be issued for');

export const client = z
  .strictObject({
    clientId,
    enabled: z.boolean().default(true),
    authentication: z
      .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
      .default('client_secret_basic')
      .describe('how the client authenticates at the token endpoint; none makes it a public client'),
    secret: z
      .string()
      .min(1, 'a non-empty secret')
      .regex(/^[\x20-\x7e]*$/, 'a secret of printable ASCII characters (RFC 6749 appendix A)')
      .optional(),
    jwks: publicKeys.optional().describe('public keys, for private_key_jwt'),
    workload: workload.optional(),
    grantTypes: grantTypes([]),
    redirectUris: z.array(redirectUri).default([]),
    postLogoutRedirectUris: z.array(redirectUri).default([]),
    scopes: z.array(scope).default([]).describe('the scopes that it may ask for at login and with client credentials'),
    resources: z
      .array(audience)
      .optional()
      .describe(
        'the audiences that it may have tokens for at login and with client credentials; absent: defaultResource',
      ),
    defaultResource: audience.optional().describe('the audience of its tokens when it names no resource'),
    represents: z.array(audience).default([]).describe('audiences whose tokens it may exchange'),
    defaultTarget: audience.optional().describe('the target of an exchange that names none'),
    compatible: z
      .literal('spring')
      .optional()
      .describe('answers errors as this server does, for clients that depend on it'),
    assertionAudience: z
      .enum(['issuer', 'token_endpoint'])
      .default('issuer')
      .describe(
        'whom its client assertions are for; token_endpoint: its URL is accepted, too, for libraries that send it',
      ),
    allowedOrigins: z
      .array(origin)
      .default([])
      .describe('the origins whose pages may read what the client is answered (CORS)'),
    idTokenSigningAlgorithm: z
      .enum(OWN_ALGORITHMS)
      .default('RS256')
      .describe('how its ID tokens are signed (OpenID Connect Core section 15.1)'),
    consent: z
      .enum(['always', 'remember', 'skip'])
      .optional()
      .describe(
        'when its users are asked: each time, once, or never, for a client of your own; absent: only for offline_access, where it is in this file, and once elsewhere',
      ),
    dpopBound: z.boolean().default(false).describe('every access token is bound to a DPoP key (RFC 9449)'),
    certificateBound: z.boolean().default(false).describe('every access token is bound to its certificate (RFC 8705)'),
    subProfile: name.optional().describe('what kind of party it is when it acts, such as service or ai_agent'),
    owner: registeredName.optional().describe('the user who answers for it; of an AI agent there has to be one'),
  })
  .describe('a registered client');

export const user = z.strictObject({
  username: registeredName.describe('also the subject of the tokens'),
  passwordHash,
  name: name.optional(),
  givenName: name.optional(),
  familyName: name.optional(),
  email: z.email('an e-mail address').optional(),
  enabled: z.boolean().default(true),
  keepsSessions: z.boolean().optional().describe('a new passwordHash does not end its sessions and tokens'),
  protected: z.boolean().default(false).describe('nobody may impersonate this account'),
  entitledScopes: z
    .array(scope)
    .optional()
    .describe('the most that tokens of this account may hold; absent: no limit, and nothing of this server itself'),
});

export const edge = z
  .strictObject({
    id: registeredName
      .optional()
      .describe('its name for operators who change it at run time; absent: made from the next four'),
    enabled: z.boolean().default(true),
    client: name,
    subjectAudience: audience
      .optional()
      .describe('the audience of the subject token; absent exactly when mode is administrative'),
    target: audience,
    mode: z
      .enum(['delegation', 'impersonation', 'administrative'])
      .describe('administrative: an administrator names a user and uses the account, and who it is is on record'),
    disclose: z
      .boolean()
      .optional()
      .describe('of an administrative edge: whether its tokens tell who acts; they do unless told'),
    actor: z
      .enum(['client', 'actor_token', 'either'])
      .optional()
      .describe('who acts; for delegation, the client unless told'),
    actors: z
      .array(z.strictObject({ sub: name, iss: issuer.optional() }))
      .optional()
      .describe('who may appear in an actor token, beside the client itself'),
    subjectTypes: z
      .array(tokenType)
      .min(1, 'at least one token type')
      .optional()
      .describe('types that the subject token may be presented as; access tokens unless told'),
    subjectIssuers: z.array(issuer).optional().describe('foreign issuers whose subject tokens are accepted'),
    scopes: z
      .record(scope, z.strictObject({ requires: z.array(scope).optional() }))
      .describe('the scopes that can be granted, each with those that the subject token must hold'),
    issues: z.array(tokenType).min(1, 'at least one token type').optional().describe('token types that may be issued'),
    maxDepth: z
      .int('a whole number')
      .positive('more than 0')
      .max(MAX_ACTORS, `at most ${MAX_ACTORS}`)
      .optional()
      .describe('the most actors in act'),
    mayAct: z
      .enum(['keep', 'spent'])
      .optional()
      .describe('whether the may_act of the subject token is copied into the new one; kept unless told'),
    timeToLive: seconds.optional(),
    allowCycle: z.boolean().optional().describe('an actor may appear in the chain again'),
    rebind: z.boolean().optional().describe('a bound subject token may be exchanged by the holder of another key'),
    maxAuthenticationAge: seconds.optional(),
    acr: z.array(name).min(1, 'at least one value').optional(),
    reason: z.enum(['required', 'optional']).optional().describe('whether an impersonation states its reason'),
    sharesToken: z.boolean().optional().describe('the target may share a token with other targets'),
  })
  .describe('who may exchange what for what');

/** The file that tells the authorization server its clients, resources, users and edges. */
export const serverConfigSchema = z
  .strictObject({
    $schema: z.string().optional(),
    generation: z
      .int('a whole number')
      .positive('more than 0')
      .optional()
      .describe('a number that grows with each change of this file, where several replicas read copies of it'),
    resources: z.array(resource).default([]),
    clients: z.array(client).default([]),
    users: z.array(user).default([]),
    edges: z.array(edge).default([]),
    trustedIssuers: z.array(trustedIssuer).default([]),
    dpop: z
      .strictObject({
        requireNonce: z
          .boolean()
          .default(false)
          .describe('proofs must hold a nonce of this server (RFC 9449 section 8)'),
      })
      .prefault({}),
    lifetimes,
    rateLimits,
    pages,
  })
  .describe('Configuration of the Onbehalf authorization server');

/** The configuration as it was read and checked, with its defaults. */
export type ServerConfig = z.infer<typeof serverConfigSchema>;
export type ClientConfig = ServerConfig['clients'][number];
export type ResourceConfig = ServerConfig['resources'][number];
export type UserConfig = ServerConfig['users'][number];
export type EdgeConfig = ServerConfig['edges'][number];
