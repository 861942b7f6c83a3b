import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';
import type { Callers } from './callers.js';
import { pathOf, type Middleware } from './middleware.js';

/** Where an app shows its OpenAPI description. */
export const DOCS_PATH = '/docs';

type Directives = Readonly<Record<string, readonly string[]>>;

/** For answers that no browser renders. */
const NOTHING: Directives = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Swagger UI brings its scripts as files, and its styles inside the page. */
const DOCS: Directives = {
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
};

/** RFC 6797 §7.2: never over a transport that is not secure. */
const TRANSPORT = 'strict-transport-security';

/**
 * Security headers on every answer.
 * @param callers tell which came by TLS
 * @param contentSecurityPolicy the app's own policy when it serves pages; without one nothing may be loaded
 */
export function secureHeaders(callers: Callers, contentSecurityPolicy: Directives = NOTHING): Middleware {
  const app = headersOf(contentSecurityPolicy);
  const docs = headersOf(DOCS);
  return (request, response, next) => {
    const { plain, secure } = isDocs(pathOf(request)) ? docs : app;
    for (const [name, value] of callers.cameSecurely(request) ? secure : plain) response.setHeader(name, value);
    next();
  };
}

type Headers = readonly (readonly [string, string])[];

/** What helmet sets is the same for every answer, so it is asked once. The names in lower case, as Node keeps them. */
function headersOf(directives: Directives): { readonly plain: Headers; readonly secure: Headers } {
  const headers = new Map<string, string>();
  const answer = {
    setHeader: (name: string, value: string) => headers.set(name.toLowerCase(), value),
    removeHeader: () => undefined,
  };
  helmet(options(directives))({} as IncomingMessage, answer as unknown as ServerResponse, () => undefined);
  const secure = [...headers];
  return { plain: secure.filter(([name]) => name !== TRANSPORT), secure };
}

function isDocs(path: string): boolean {
  return path === DOCS_PATH || path.startsWith(`${DOCS_PATH}/`);
}

function options(directives: Directives): HelmetOptions {
  const copy = Object.fromEntries(Object.entries(directives).map(([name, values]) => [name, [...values]]));
  return {
    contentSecurityPolicy: { useDefaults: false, directives: copy },
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  };
}
