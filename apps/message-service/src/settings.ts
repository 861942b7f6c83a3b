import { clientSettings, httpUrl, text, withCredentials, type HostSettings } from '@onbehalf/service-host';
import { z } from 'zod';
import { TOKEN_PROFILES } from './token-profile.js';

export const DEFAULT_PORT = 8082;
/** Stands in only while the authorization server is on this machine. */
export const DEMO_SECRET = 'message-service-secret';

/** What message-service reads from its environment; see `.env.example`. */
export const environment = withCredentials(
  z.object({
    ISSUER: httpUrl().default('http://localhost:9001'),
    JWKS_URI: httpUrl().optional(),
    TOKEN_ENDPOINT: httpUrl().optional(),
    REVOCATIONS_URI: httpUrl().optional(),
    CLIENT_ID: text('the id of this client at the authorization server').default('message-service'),
    ...clientSettings,
    AUDIENCE: text('the name of this resource server, as tokens carry it in aud').default('message-service'),
    USER_SERVICE_URL: httpUrl().default('http://localhost:8081'),
    /** Whose tokens these are: the guard, the exchange and the target of exchanges follow. */
    TOKEN_PROFILE: z.enum(TOKEN_PROFILES).default('onbehalf'),
    PUBLIC_URL: httpUrl().optional(),
    ALLOW_INSECURE_HTTP: z.stringbool('true or false').default(false),
  }),
  DEMO_SECRET,
);

export type Settings = z.output<typeof environment> & HostSettings;
