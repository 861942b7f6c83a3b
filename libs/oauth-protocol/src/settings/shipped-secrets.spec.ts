import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { isSecretFor, isShippedSecret } from './shipped-secrets.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const NOT_OURS = ['node_modules', 'dist', 'coverage', 'var', '.git', '.nx'];

/** Every file of the project in which a secret may stand. */
function* files(folder = root): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !NOT_OURS.includes(entry.name)) yield* files(path);
    else if (entry.isFile() && /\.(ts|mjs|ya?ml|md|example)$/.test(entry.name)) yield path;
  }
}

/** Secrets as they are written: members, constants, defaults of variables, words of curl. */
const WRITTEN = [
  /(?:secret|clientSecret|client_secret|SECRET)['"]?\s*[:=]\s*'([^'$]+)'/g,
  /\$\{\w*(?:SECRET|PASSWORD|KEYS)\w*:-([^}]+)\}/g,
  /passwordHash: (scrypt\$\S+)/g,
  /-u [\w-]+:(\S+)/g,
];

describe('a secret that ships with the project', () => {
  const shipped = [...files()].flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    return WRITTEN.flatMap((pattern) => [...text.matchAll(pattern)].map(([, secret]) => secret!));
  });

  it('is known as such, wherever it stands', () => {
    expect(shipped.length).toBeGreaterThan(20);
    expect([...new Set(shipped)].filter((secret) => !isShippedSecret(secret))).toEqual([]);
  });

  it.each([
    ['http://localhost:9001', 'operator-secret', true],
    ['https://as.example', 'operator-secret', false],
    ['http://auth-server:9001', 'operator-secret', false],
    ['https://as.example', 'Zm9yIHRoaXMgdGVzdCBhbG9uZQ', true],
  ])('for the issuer %s, %s keeps others out: %s', (issuer, secret, expected) => {
    expect(isSecretFor(issuer, secret)).toBe(expected);
  });
});
