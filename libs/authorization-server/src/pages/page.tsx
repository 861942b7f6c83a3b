import { renderDocument, type VNode } from '@onbehalf/html';

/** A whole page of the authorization server. */
export function page(title: string, content: VNode): string {
  return renderDocument(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Authorization server`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/authorization-server.css" />
      </head>
      <body>
        <main>
          <h1>{title}</h1>
          {content}
        </main>
      </body>
    </html>,
  );
}

/**
 * The Content-Security-Policy of the pages: no script, no frame. Browsers hold the redirects that follow a form to
 * `form-action` too, so that it names the origins that the user is sent back to.
 */
export function pagePolicy(redirectUris: Iterable<string>): string {
  const origins = new Set([...redirectUris].map((uri) => new URL(uri).origin));
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    `form-action ${["'self'", ...origins].join(' ')}`,
  ].join('; ');
}
