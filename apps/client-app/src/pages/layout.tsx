import { renderDocument, type VNode } from '@onbehalf/html';
import type { Visitor } from '../session/visitor.js';
import { CsrfField } from './csrf-field.js';

export interface Page {
  readonly title: string;
  readonly content: VNode;
  /** Who is signed in; absent: nobody. */
  readonly visitor?: Visitor | undefined;
  /** The address of the page, where the navigation leads to it. */
  readonly path?: string;
  /** Whether the page has something that can be played. */
  readonly isPlayable?: boolean;
}

/** What the navigation leads to. */
const PLACES: readonly (readonly [path: string, name: string])[] = [
  ['/api/user/message', 'The flow'],
  ['/lab/failures', 'Ways that fail'],
  ['/lab/which', 'Which one?'],
  ['/lab/faces', 'Faces'],
  ['/lab/evaluate', 'Evaluate'],
  ['/lab/activity', 'Who acted for me'],
];

/** A whole page of client-app. */
export function layout({ title, content, visitor, path, isPlayable }: Page): string {
  return renderDocument(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · client-app`}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/client-app.css" />
        {isPlayable && <script type="module" src="/assets/player.js"></script>}
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <header>
          <a class="brand" href="/">
            <img src="/assets/icon.svg" alt="" width="28" height="28" /> client-app
          </a>
          <nav aria-label="The lab">
            {PLACES.map(([place, name]) => (
              <a href={place} aria-current={place === path ? 'page' : undefined}>
                {name}
              </a>
            ))}
          </nav>
          <Account visitor={visitor} />
        </header>
        <main id="content">{content}</main>
        <footer>
          <p>
            Every request on these pages is real; tokens and secrets never leave this application. Token exchange is{' '}
            <a href="https://www.rfc-editor.org/rfc/rfc8693">RFC 8693</a>.
          </p>
        </footer>
      </body>
    </html>,
  );
}

function Account({ visitor }: { readonly visitor: Visitor | undefined }): VNode {
  if (!visitor) {
    return (
      <a class="button quiet" href="/login">
        Sign in
      </a>
    );
  }
  return (
    <form class="account" method="post" action="/logout">
      <CsrfField visitor={visitor} />
      <span>
        Signed in as <strong>{visitor.user}</strong>
      </span>
      <button type="submit" class="quiet">
        Sign out
      </button>
    </form>
  );
}
