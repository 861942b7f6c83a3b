import { MODULE } from '../module-name.js';

/** How callers come by a token, as the OpenAPI description tells it. */
export interface SecuritySchemeOptions {
  /** What the scheme is called in the description. Default `bearer`. */
  readonly name?: string;
  /** Where users sign in; needs `tokenUrl`. */
  readonly authorizationUrl?: string;
  /** The token endpoint. Without `authorizationUrl`, the flow is client credentials; without both URLs, callers bring a token. */
  readonly tokenUrl?: string;
  /** What scopes mean, for people. Those that routes demand are told of anyway. */
  readonly scopes?: Readonly<Record<string, string>>;
}

/** The options after validation. */
export type SecuritySchemeSettings = SecuritySchemeOptions & Required<Pick<SecuritySchemeOptions, 'name' | 'scopes'>>;

/** A scheme that carries scopes. OpenAPI 3, OAuth Flows Object. */
export interface Scheme {
  readonly type?: string;
  readonly flows?: Readonly<Record<string, { scopes?: Readonly<Record<string, string>> | readonly string[] }>>;
}

const OPTIONS = new Set(['name', 'authorizationUrl', 'tokenUrl', 'scopes']);

/** @throws TypeError when the options contradict each other */
export function schemeSettings(options: SecuritySchemeOptions): SecuritySchemeSettings {
  const unknown = Object.keys(options).find((option) => !OPTIONS.has(option));
  if (unknown !== undefined) throw new TypeError(`${MODULE}: describeSecurity knows no option "${unknown}"`);
  const { name = 'bearer', authorizationUrl, tokenUrl, scopes = {} } = options;
  // OpenAPI 3, Components Object
  if (!/^[\w.-]+$/.test(name)) {
    throw new TypeError(`${MODULE}: describeSecurity name must be of letters, digits, ".", "-" and "_"`);
  }
  if (authorizationUrl !== undefined && tokenUrl === undefined) {
    throw new TypeError(`${MODULE}: describeSecurity authorizationUrl needs tokenUrl`);
  }
  return { name, authorizationUrl, tokenUrl, scopes };
}

/** The scheme that is told where the document has none of that name. */
export function schemeOf({ authorizationUrl, tokenUrl }: SecuritySchemeSettings): Scheme {
  if (tokenUrl === undefined) return { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } as Scheme;
  if (authorizationUrl === undefined) return oauth2('clientCredentials', { tokenUrl });
  return oauth2('authorizationCode', { authorizationUrl, tokenUrl });
}

const oauth2 = (flow: string, urls: object): Scheme => ({ type: 'oauth2', flows: { [flow]: { ...urls, scopes: {} } } });

/** The same scheme with these scopes in every flow; what it says of a scope stays. */
export function withScopes(scheme: Scheme, scopes: readonly string[], told: Readonly<Record<string, string>>): Scheme {
  if (!scheme.flows) return scheme;
  const found = Object.fromEntries(scopes.map((scope) => [scope, '']));
  const flows = Object.entries(scheme.flows).map(([flow, { scopes: own = {}, ...urls }]) => {
    // @nestjs/swagger takes a list as well
    const before = isList(own) ? Object.fromEntries(own.map((scope) => [scope, ''])) : own;
    return [flow, { ...urls, scopes: { ...found, ...told, ...before } }];
  });
  return { ...scheme, flows: Object.fromEntries(flows) as Scheme['flows'] };
}

const isList = (value: object): value is readonly string[] => Array.isArray(value);
