import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { parseArgs } from 'node:util';
import { metadataSection, readMetadata } from '@onbehalf/feature-saml-assertion';
import { readSmallFile } from '@onbehalf/oauth-protocol';

/** Bytes; the metadata of a large federation has fewer. */
const LARGEST = 128 * 1024 * 1024;

const HELP = `Prints the section samlAssertion of the configuration file for an identity provider, from its metadata file.

  saml-metadata FILE [--key PEM_FILE]

With --key (a certificate or a public key) the file must be signed by it. Without one, read the file from a place you trust.

Exit codes: 0 when the section is printed, 2 when it cannot be made.`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { key: { type: 'string' }, help: { type: 'boolean' } },
  });
  const [file, ...more] = positionals;
  if (values.help) process.stdout.write(`${HELP}\n`);
  else if (file === undefined || more.length > 0) throw new Error('give one metadata file; see --help');
  else process.stdout.write(metadataSection(readMetadata(read(file), keyIn(values.key)), Date.now()));
} catch (error) {
  process.stderr.write(`saml-metadata: ${(error as Error).message.split('\n', 1)[0]}\n`);
  process.exitCode = 2;
}

function read(file: string): string {
  return readSmallFile(file, LARGEST)
    .toString()
    .replace(/^\ufeff/, '');
}

function keyIn(file: string | undefined): KeyObject | undefined {
  if (file === undefined) return undefined;
  const pem = read(file);
  return pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
}
