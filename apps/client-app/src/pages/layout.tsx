import { renderDocument, type VNode } from '@onbehalf/html';

export interface Page {
  readonly title: string;
  readonly content: VNode;
  /** Who is signed in; absent: nobody. */
  readonly user?: string;
}

/** A whole page of client-app. */
export function layout({ title, content, user }: Page): string {
  return renderDocument(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · client-app`}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/client-app.css" />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <header>
          <a class="brand" href="/">
            <img src="/assets/icon.svg" alt="" width="28" height="28" /> client-app
          </a>
          {user !== undefined && <SignedIn user={user} />}
        </header>
        <main id="content">{content}</main>
      </body>
    </html>,
  );
}

function SignedIn({ user }: { readonly user: string }): VNode {
  return (
    <form class="account" method="post" action="/logout">
      <span>
        Signed in as <strong>{user}</strong>
      </span>
      <button type="submit" class="quiet">
        Sign out
      </button>
    </form>
  );
}
