/** Credentials for `client_secret_basic`. RFC 6749 §2.3.1 */
export function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Sends a form; a field with several values is repeated, one that is `undefined` is left out. */
export async function postForm(url: string, fields: Fields, headers: Record<string, string> = {}): Promise<Answer> {
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values ?? []].flat()) form.append(name, value);
  }
  return toAnswer(await fetch(url, { method: 'POST', body: form, headers }));
}

export async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    headers: response.headers,
    body: (json && text ? JSON.parse(text) : {}) as Answer['body'],
  };
}
