import { httpUrl, text, type HostSettings } from '@onbehalf/service-host';
import { z } from 'zod';

export const DEFAULT_PORT = 8093;

/** What calendar-service reads from its environment; see `.env.example`. */
export const environment = z.object({
  ISSUER: httpUrl().default('http://127.0.0.1:9003'),
  JWKS_URI: httpUrl().optional(),
  AUDIENCE: text('the name of this resource server, as tokens carry it in aud').default('calendar-service'),
  PUBLIC_URL: httpUrl().optional(),
  ALLOW_INSECURE_HTTP: z.stringbool('true or false').default(false),
});

export type Settings = z.output<typeof environment> & HostSettings;
