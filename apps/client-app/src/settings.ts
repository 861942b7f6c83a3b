import { fileURLToPath } from 'node:url';
import {
  acceptedPassword,
  databasePassword,
  passwordIn,
  POOLINGS,
  type ConnectionOptions,
  type StoreOptions,
} from '@onbehalf/authorization-store';
import { isSecretFor } from '@onbehalf/oauth-protocol';
import {
  clientSettings,
  credentialsOf,
  httpUrl,
  text,
  wholeNumber,
  withCredentials,
  type ClientCredentials,
  type HostSettings,
} from '@onbehalf/service-host';
import { z } from 'zod';

export const DEFAULT_PORT = 8080;
const DEMO_SECRET = 'client-app-secret';
const DEMO_LAB_SECRET = 'lab-secret';
const DEMO_PARTNER_SECRET = 'partner-client-app-secret';

/** In the folder of the app, wherever it is started from: what a restart needs. */
const embeddedDatabase = `sqlite:${fileURLToPath(new URL('../var/client-app.db', import.meta.url))}`;

/** What client-app reads from its environment; see `.env.example`. */
export const environment = withCredentials(
  z.object({
    PUBLIC_URL: httpUrl().optional(),
    ISSUER: httpUrl().default('http://localhost:9001'),
    AUTHORIZATION_SERVER_URL: httpUrl().optional(),
    JWKS_URI: httpUrl().optional(),
    TOKEN_ENDPOINT: httpUrl().optional(),
    TOKEN_PROFILE: z.enum(['onbehalf', 'spring', 'keycloak']).default('onbehalf'),
    CLIENT_ID: text('the id of this client at the authorization server').default('client-app'),
    ...clientSettings,
    USER_SERVICE_URL: httpUrl().default('http://localhost:8081'),
    USER_SERVICE_RESOURCE: httpUrl().default('http://localhost:8081'),
    MESSAGE_SERVICE_RESOURCE: httpUrl().default('http://localhost:8082'),
    MESSAGE_SERVICE_URL: httpUrl().default('http://localhost:8082'),
    AGENT_URL: httpUrl().default('http://localhost:8084'),
    CALENDAR_SERVICE_URL: httpUrl().default('http://localhost:8093'),
    LEGACY_SERVICE_URL: httpUrl().optional(),
    PARTNER_ISSUER: httpUrl().default('http://localhost:9002'),
    PARTNER_TOKEN_ENDPOINT: httpUrl().optional(),
    PARTNER_CLIENT_ID: text("the id of this client at the partner's authorization server").default(
      'onbehalf-client-app',
    ),
    PARTNER_CLIENT_SECRET: text().optional(),
    ORDER_SERVICE_URL: httpUrl().default('http://localhost:8092'),
    ORDER_SERVICE_RESOURCE: httpUrl().default('http://localhost:8092'),
    LAB_SECRET: text('the secret of the clients that the lab plays').optional(),
    NODE_ENV: z.string().optional(),
    SESSION_SECRET: z.string().min(32, 'at least 32 characters').optional(),
    DATABASE_URL: z.string().min(1).default(embeddedDatabase),
    // where it stands, so that it can be read again
    DATABASE_URL_FILE: z.string().optional(),
    DATABASE_PASSWORD: z.string().optional(),
    DATABASE_PASSWORD_FILE: z.string().optional(),
    DATABASE_POOLING: z.enum(POOLINGS, `one of ${POOLINGS.join(', ')}`).default('none'),
    DATABASE_CONNECTIONS: wholeNumber(1000, 'connections').optional(),
    DATABASE_TIMEOUT: wholeNumber(60, 'seconds').optional(),
    ENCRYPTION_KEYS: z
      .string()
      // also as the file beside a SQLite file has them: one a line
      .transform((keys) => keys.split(/[,\n]/))
      .optional(),
  }),
  DEMO_SECRET,
)
  .refine(
    ({ PARTNER_ISSUER, PARTNER_CLIENT_SECRET = DEMO_PARTNER_SECRET }) =>
      isSecretFor(PARTNER_ISSUER, PARTNER_CLIENT_SECRET),
    {
      path: ['PARTNER_CLIENT_SECRET'],
      message:
        'the secret of this client there, and none that ships with the project unless PARTNER_ISSUER is on localhost',
    },
  )
  .superRefine((given, context) => {
    const { ISSUER, DATABASE_URL, DATABASE_PASSWORD = '', ENCRYPTION_KEYS = [], SESSION_SECRET = '' } = given;
    const accepted = acceptedPassword(given);
    if (accepted !== undefined) context.addIssue({ code: 'custom', path: ['DATABASE_PASSWORD'], message: accepted });
    // what ships with the project keeps others out on this machine only
    const secrets = {
      DATABASE_URL: [passwordIn(DATABASE_URL) ?? ''],
      DATABASE_PASSWORD: [DATABASE_PASSWORD],
      ENCRYPTION_KEYS,
      SESSION_SECRET: [SESSION_SECRET],
    };
    for (const [name, values] of Object.entries(secrets)) {
      if (values.every((secret) => isSecretFor(ISSUER, secret))) continue;
      const message = 'secrets of your own: this one ships with the project, and ISSUER is elsewhere';
      context.addIssue({ code: 'custom', path: [name], message });
    }
  });

/** The other company, and how this app is known there. */
export interface PartnerSettings {
  readonly issuer: string;
  /** Where this app reaches its token endpoint, when that is not where its metadata says. */
  readonly tokenEndpoint: string | undefined;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly orderServiceUrl: string;
  /** How its authorization server names that service. RFC 8707 */
  readonly orderServiceResource: string;
}

/** Where sessions are kept, and how that is opened. */
export type DatabaseSettings = Pick<StoreOptions, 'url' | 'encryptionKeys'> & Omit<ConnectionOptions, 'onQuery'>;

/** The settings with what follows from them. */
export class Settings {
  /** Where browsers reach this app, without a slash at the end. */
  readonly publicUrl: string;
  readonly issuer: string;
  /** Where this app reaches the authorization server, when that is not where browsers do. */
  readonly authorizationServerUrl: string | undefined;
  readonly jwksUri: string | undefined;
  readonly tokenEndpoint: string | undefined;
  /** Whether the server wants an ID token at the sign-out, as Spring does, and Keycloak unless it is to ask the user. */
  readonly signOutByIdToken: boolean;
  readonly client: ClientCredentials;
  readonly userServiceUrl: string;
  /** How the authorization server names the services. RFC 8707 */
  readonly userServiceResource: string;
  readonly messageServiceResource: string;
  readonly messageServiceUrl: string;
  /** The demo's assistant. */
  readonly agentUrl: string;
  /** The API of the provider at which users link their calendar. */
  readonly calendarServiceUrl: string;
  /** The demo's system from before OAuth, where it runs. */
  readonly legacyServiceUrl: string | undefined;
  readonly partner: PartnerSettings;
  readonly labSecret: string;
  /** Whether the lab does what it shows; never in production. */
  readonly experiments: boolean;
  /** Whether the authorization server is the one of this project, which knows the clients that the lab plays. */
  readonly isOnbehalf: boolean;
  readonly sessionSecret: string | undefined;
  readonly database: DatabaseSettings;

  constructor(given: z.output<typeof environment> & HostSettings) {
    this.publicUrl = (given.PUBLIC_URL ?? `http://localhost:${given.PORT}`).replace(/\/$/, '');
    this.issuer = given.ISSUER;
    this.authorizationServerUrl = given.AUTHORIZATION_SERVER_URL;
    this.jwksUri = given.JWKS_URI;
    this.tokenEndpoint = given.TOKEN_ENDPOINT;
    this.signOutByIdToken = given.TOKEN_PROFILE !== 'onbehalf';
    this.client = credentialsOf(given, DEMO_SECRET);
    this.userServiceUrl = given.USER_SERVICE_URL.replace(/\/$/, '');
    this.userServiceResource = given.USER_SERVICE_RESOURCE;
    this.messageServiceResource = given.MESSAGE_SERVICE_RESOURCE;
    this.messageServiceUrl = given.MESSAGE_SERVICE_URL.replace(/\/$/, '');
    this.agentUrl = given.AGENT_URL.replace(/\/$/, '');
    this.calendarServiceUrl = given.CALENDAR_SERVICE_URL.replace(/\/$/, '');
    this.legacyServiceUrl = given.LEGACY_SERVICE_URL;
    this.partner = {
      issuer: given.PARTNER_ISSUER,
      tokenEndpoint: given.PARTNER_TOKEN_ENDPOINT,
      clientId: given.PARTNER_CLIENT_ID,
      clientSecret: given.PARTNER_CLIENT_SECRET ?? DEMO_PARTNER_SECRET,
      orderServiceUrl: given.ORDER_SERVICE_URL.replace(/\/$/, ''),
      orderServiceResource: given.ORDER_SERVICE_RESOURCE,
    };
    this.labSecret = given.LAB_SECRET ?? DEMO_LAB_SECRET;
    this.experiments = given.NODE_ENV !== 'production';
    this.isOnbehalf = given.TOKEN_PROFILE === 'onbehalf';
    this.sessionSecret = given.SESSION_SECRET;
    this.database = databaseSettings(given);
  }
}

function databaseSettings(given: z.output<typeof environment>): DatabaseSettings {
  return {
    url: given.DATABASE_URL,
    pooling: given.DATABASE_POOLING,
    connections: given.DATABASE_CONNECTIONS,
    timeout: given.DATABASE_TIMEOUT,
    password: databasePassword(given),
    encryptionKeys: given.ENCRYPTION_KEYS,
  };
}
