import type { SentRequest } from '../run/run.js';

/** A request as a command for a terminal, with placeholders where tokens and secrets were. */
export function toCurl({ method, url, headers, form }: SentRequest): string {
  const isForm = form !== undefined;
  const parts = [`curl -si ${quoted(url)}`];
  if (method !== (isForm ? 'POST' : 'GET')) parts.push(`-X ${quoted(method)}`);
  for (const [name, value] of headers) {
    const basic = name === 'Authorization' ? /^Basic (.+)$/.exec(value) : null;
    parts.push(basic ? `-u ${quoted(basic[1]!)}` : `-H ${quoted(`${name}: ${value}`)}`);
  }
  for (const [name, value] of form ?? []) parts.push(`--data-urlencode ${quoted(`${name}=${value}`)}`);
  return parts.join(' \\\n  ');
}

/** In double quotes, in which a shell puts variables such as $TOKEN_A; what else it would touch is escaped. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"`]/g, '\\$&').replace(/\$(?!(TOKEN|SECRET|REFRESH_TOKEN|PROOF)\b|TOKEN_)/g, '\\$')}"`;
}
