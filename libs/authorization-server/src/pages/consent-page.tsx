import { page } from './page.js';

export interface ConsentPage {
  /** The address that the form is sent to. */
  readonly action: string;
  /** The client that asks. */
  readonly clientId: string;
  /** Who is signed in. */
  readonly user: string;
  readonly scopes: readonly string[];
}

/** What the scopes of the server itself let a client do. OpenID Connect Core §5.4, §11 */
const WORDS: Readonly<Record<string, string>> = {
  openid: 'Know that it is you',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Keep this access while you are not there',
};

/** Asks the user whether a client may have what it asks for. Works without JavaScript. */
export function consentPage({ action, clientId, user, scopes }: ConsentPage): string {
  return page(
    'Allow access?',
    <>
      <p>
        <strong>{clientId}</strong> asks you, <strong>{user}</strong>, to be allowed to:
      </p>
      <ul>
        {scopes.map((scope) => (
          <li key={scope}>{WORDS[scope] ?? <code>{scope}</code>}</li>
        ))}
      </ul>
      <form method="post" action={action}>
        <button type="submit" name="decision" value="allow">
          Allow
        </button>
        <button type="submit" name="decision" value="deny">
          Deny
        </button>
      </form>
    </>,
  );
}
