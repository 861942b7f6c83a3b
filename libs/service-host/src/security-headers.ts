import helmet, { type HelmetOptions } from 'helmet';
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

/**
 * Security headers on every answer.
 * @param contentSecurityPolicy the app's own policy when it serves pages; without one nothing may be loaded
 */
export function secureHeaders(contentSecurityPolicy: Directives = NOTHING): Middleware {
  const app = helmet(options(contentSecurityPolicy));
  const docs = helmet(options(DOCS));
  return (request, response, next) => (isDocs(pathOf(request)) ? docs : app)(request, response, next);
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
