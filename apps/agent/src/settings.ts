import { isSecretFor } from '@onbehalf/oauth-protocol';
import { clientSettings, httpUrl, text, withCredentials, type HostSettings } from '@onbehalf/service-host';
import { z } from 'zod';

export const DEFAULT_PORT = 8084;
/** Stands in only while the authorization server is on this machine. */
export const DEMO_SECRET = 'assistant-secret';
/** Stands in only while the partner's authorization server is on this machine. */
export const DEMO_PARTNER_SECRET = 'partner-assistant-secret';

/** What the agent reads from its environment; see `.env.example`. */
export const environment = withCredentials(
  z.object({
    ISSUER: httpUrl().default('http://localhost:9001'),
    JWKS_URI: httpUrl().optional(),
    TOKEN_ENDPOINT: httpUrl().optional(),
    REVOCATIONS_URI: httpUrl().optional(),
    CLIENT_ID: text('the id of this agent at the authorization server').default('assistant'),
    ...clientSettings,
    AUDIENCE: text('the name of this agent, as tokens carry it in aud').default('assistant'),
    USER_SERVICE_URL: httpUrl().default('http://localhost:8081'),
    CALENDAR_SERVICE_URL: httpUrl().optional(),
    ORDER_SERVICE_URL: httpUrl().optional(),
    ORDER_SERVICE_RESOURCE: httpUrl().default('http://localhost:8092'),
    PARTNER_ISSUER: httpUrl().default('http://localhost:9002'),
    PARTNER_TOKEN_ENDPOINT: httpUrl().optional(),
    PARTNER_CLIENT_ID: text("the id of this agent at the partner's authorization server").default('onbehalf-assistant'),
    PARTNER_CLIENT_SECRET: text().optional(),
    PUBLIC_URL: httpUrl().optional(),
    ALLOW_INSECURE_HTTP: z.stringbool('true or false').default(false),
  }),
  DEMO_SECRET,
).refine(
  ({ ORDER_SERVICE_URL, PARTNER_ISSUER, PARTNER_CLIENT_SECRET = DEMO_PARTNER_SECRET }) =>
    ORDER_SERVICE_URL === undefined || isSecretFor(PARTNER_ISSUER, PARTNER_CLIENT_SECRET),
  {
    path: ['PARTNER_CLIENT_SECRET'],
    message:
      'the secret of this agent there, and none that ships with the project unless PARTNER_ISSUER is on localhost',
  },
);

export type Settings = z.output<typeof environment> & HostSettings;
