import { hash } from 'node:crypto';
import { renderDocument, type VNode } from '@onbehalf/html';
import { DEFAULT_VIEW } from './page-view.js';

/**
 * A whole page of the authorization server.
 * @param goOnTo the address that the browser goes on to by itself
 */
export function page(title: string, content: VNode, goOnTo?: string, view = DEFAULT_VIEW): string {
  const { language, logo, name } = view;
  return renderDocument(
    <html lang={language.tag} dir={language.direction}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {goOnTo !== undefined && <meta http-equiv="refresh" content={`0;url=${goOnTo}`} />}
        <title>{`${title} · ${name}`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/authorization-server.css" />
      </head>
      <body>
        <main>
          {logo && <img class="logo" src={logo.path} alt={name} />}
          <h1>{title}</h1>
          {content}
        </main>
      </body>
    </html>,
  );
}

/** What a page may do beyond what all of them may. */
export interface PageRights {
  /** The one inline script. */
  readonly script?: string;
  /** Where its forms may be sent, beside this server. */
  readonly formTo?: readonly string[];
}

/**
 * The Content-Security-Policy of the pages: no script, no frame, and forms for this server alone. Browsers hold the redirects
 * that follow a form to `form-action` too, so that nothing that leaves this server answers a form by a redirect.
 */
export function pagePolicy({ script, formTo = [] }: PageRights = {}): string {
  return [
    "default-src 'none'",
    ...(script === undefined ? [] : [`script-src 'sha256-${hash('sha256', script, 'base64')}'`]),
    "style-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    `form-action ${["'self'", ...formTo].join(' ')}`,
  ].join('; ');
}
