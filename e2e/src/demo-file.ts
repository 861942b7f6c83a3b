import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOf } from './password-hash.js';

const path = new URL('../../apps/auth-server/auth-server.yaml', import.meta.url);

/** The configuration of the demo; its passwords are hashed at a cost that suits tests. */
export const DEMO = readFileSync(path, 'utf8').replaceAll(/scrypt\$\S+/g, () => hashOf('password'));

/** A configuration as a file of its own. @returns where it is */
export function configurationFile(yaml: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'configuration-')), 'auth-server.yaml');
  writeFileSync(file, yaml);
  return file;
}
