import { httpUrl, text, type HostSettings } from '@onbehalf/service-host';
import { z } from 'zod';

export const DEFAULT_PORT = 8092;

/** What order-service reads from its environment; see `.env.example`. */
export const environment = z.object({
  ISSUER: httpUrl().default('http://localhost:9002'),
  JWKS_URI: httpUrl().optional(),
  AUDIENCE: text('the name of this resource server, as tokens carry it in aud').default('order-service'),
  PUBLIC_URL: httpUrl().optional(),
  ALLOW_INSECURE_HTTP: z.stringbool('true or false').default(false),
});

export type Settings = z.output<typeof environment> & HostSettings;
