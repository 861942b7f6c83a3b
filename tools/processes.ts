/** The processes of the demo: which app each of them is, where it listens, and what it is told beside the settings of all. */

export type Settings = Readonly<Record<string, string>>;

interface DemoProcess {
  /** The folder of `apps/` that it runs. */
  readonly app: string;
  /** Where it listens unless told. */
  readonly port: number;
  /** What goes before the settings of all. `url`: where another process is; `given`: the settings of all */
  readonly settings?: (url: (process: string) => string, given: Settings) => Settings;
}

/** One line is one process; `npm start` starts them all, in this order. */
const TABLE = {
  'auth-server': { app: 'auth-server', port: 9001 },
  'message-service': { app: 'message-service', port: 8082 },
  'user-service': { app: 'user-service', port: 8081 },
  'client-app': { app: 'client-app', port: 8080, settings: ofClientApp },
  // an AI agent that acts for users
  agent: { app: 'agent', port: 8084 },
  // another company: an authorization server with users, keys and a database of its own, and a service behind it
  partner: { app: 'auth-server', port: 9002, settings: ofPartner },
  'order-service': { app: 'order-service', port: 8092, settings: (url) => ({ ISSUER: url('partner') }) },
  // a provider at which users of the first domain have linked accounts, and its API
  calendar: { app: 'auth-server', port: 9003, settings: ofCalendar },
  'calendar-service': {
    app: 'calendar-service',
    port: 8093,
    settings: (url) => ({ ISSUER: ofOwnHost(url('calendar')) }),
  },
} satisfies Record<string, DemoProcess>;

export type AppName = keyof typeof TABLE;

export const PROCESSES: Readonly<Record<AppName, DemoProcess>> = TABLE;

/** All of them, by name. */
export const DEMO = Object.keys(PROCESSES) as readonly AppName[];

/** The first domain: what tests and benchmarks start unless they say more. */
export const APPS = [
  'auth-server',
  'message-service',
  'user-service',
  'client-app',
] as const satisfies readonly AppName[];

export const DEFAULT_PORTS = Object.fromEntries(DEMO.map((name) => [name, PROCESSES[name].port])) as Readonly<
  Record<AppName, number>
>;

/** What every process is told of where the others are. */
export function wiring(url: (process: AppName) => string): Settings {
  return {
    ISSUER: url('auth-server'),
    REVOCATIONS_URI: `${url('auth-server')}/oauth2/revocations`,
    CLIENT_APP_URL: url('client-app'),
    LAB_PARTNER_JWKS_URI: `${url('client-app')}/lab/partner/jwks.json`,
    USER_SERVICE_URL: url('user-service'),
    USER_SERVICE_RESOURCE: url('user-service'),
    MESSAGE_SERVICE_URL: url('message-service'),
    MESSAGE_SERVICE_RESOURCE: url('message-service'),
    AGENT_URL: url('agent'),
    AGENT_RESOURCE: url('agent'),
    HOME_ISSUER: url('auth-server'),
    PARTNER_ISSUER: url('partner'),
    ORDER_SERVICE_URL: url('order-service'),
    ORDER_SERVICE_RESOURCE: url('order-service'),
    CALENDAR_ISSUER: ofOwnHost(url('calendar')),
    CALENDAR_INTERNAL_URL: ofOwnHost(url('calendar')),
    CALENDAR_SERVICE_URL: url('calendar-service'),
    CALENDAR_SERVICE_RESOURCE: url('calendar-service'),
  };
}

function ofClientApp(_url: (process: string) => string, given: Settings): Settings {
  const { DATABASE_URL, CLIENT_APP_DATABASE_URL = 'sqlite:var/client-app.db' } = given;
  return {
    // what it keeps is none of the authorization server's business
    DATABASE_URL: DATABASE_URL === 'sqlite::memory:' ? DATABASE_URL : CLIENT_APP_DATABASE_URL,
    DATABASE_POOLING: 'none',
  };
}

function ofPartner(url: (process: string) => string, given: Settings): Settings {
  const { DATABASE_URL, PARTNER_DATABASE_URL = 'sqlite:var/partner.db' } = given;
  return {
    ISSUER: url('partner'),
    AUTH_SERVER_CONFIG: 'partner',
    // two domains share no database
    DATABASE_URL: DATABASE_URL === 'sqlite::memory:' ? DATABASE_URL : PARTNER_DATABASE_URL,
  };
}

function ofCalendar(url: (process: string) => string, given: Settings): Settings {
  const { DATABASE_URL, CALENDAR_DATABASE_URL = 'sqlite:var/calendar.db' } = given;
  return {
    ISSUER: ofOwnHost(url('calendar')),
    AUTH_SERVER_CONFIG: 'calendar',
    DATABASE_URL: DATABASE_URL === 'sqlite::memory:' ? DATABASE_URL : CALENDAR_DATABASE_URL,
  };
}

/** Cookies ignore ports: by another host name, the sign-ins at a second server in one browser are not those at the first. RFC 6265 §8.5 */
function ofOwnHost(url: string): string {
  return url.replace('//localhost:', '//127.0.0.1:');
}
