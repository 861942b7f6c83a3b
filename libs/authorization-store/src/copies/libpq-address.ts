import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import {
  parameterOf,
  readPostgresUrl,
  withoutParameters,
  writePostgresUrl,
  type PostgresUrl,
} from '../database/address/postgres-url.js';

/** What the driver and libpq understand differently. */
const OF_THE_DRIVER = ['password', 'uselibpqcompat', 'ssl'];
/** Any of them has the driver encrypt, and verify whom it talks to. */
const OF_ENCRYPTION = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'];

/**
 * Lends the address as programs of PostgreSQL understand it: without its password, and as strict about the server's certificate as the
 * driver. libpq's own `require` would hand everything to anybody.
 */
export async function withLibpqAddress<Result>(
  url: string,
  work: (address: string) => Promise<Result>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Result> {
  const read = readPostgresUrl(url)!;
  const given = withoutParameters({ ...read, password: undefined }, ...OF_THE_DRIVER);
  // the driver reads it as a space, and libpq as it is
  const own = { ...given, parameters: given.parameters.map((parameter) => parameter.replaceAll('+', '%20')) };
  const mode = libpqMode(read, environment['PGSSLMODE']);
  if (mode === undefined) return work(writePostgresUrl(own));
  const { parameters, ...others } = withoutParameters(own, 'sslmode');
  const isTrusting = mode !== 'verify-full';
  const left = isTrusting ? parameters.filter((each) => !each.startsWith('sslrootcert=')) : parameters;
  const address = (...more: readonly string[]): string =>
    writePostgresUrl({ ...others, parameters: [...left, `sslmode=${mode}`, ...more] });
  if (isTrusting || parameterOf(read, 'sslrootcert') !== undefined) return work(address());
  return withTrusted((file) => work(address(`sslrootcert=${encodeURIComponent(file)}`)));
}

/**
 * What the driver does, in libpq's words; `undefined` where the address says it in these, or neither is told anything.
 * @param byDefault the mode where the address says none
 */
function libpqMode(url: PostgresUrl, byDefault: string | undefined): string | undefined {
  const [mode, ssl] = [parameterOf(url, 'sslmode'), parameterOf(url, 'ssl')];
  if (mode !== undefined && parameterOf(url, 'uselibpqcompat') === 'true') return undefined;
  if (mode === 'disable') return 'disable';
  if (mode === 'no-verify') return 'require';
  if (OF_ENCRYPTION.some((name) => parameterOf(url, name) !== undefined)) return 'verify-full';
  if (ssl === undefined && parameterOf(url, 'sslnegotiation') === 'direct') return 'verify-full';
  return ssl === undefined ? defaultMode(byDefault) : modeOfSsl(ssl);
}

/** The driver asks for encryption by every other word, also by `false`. */
function modeOfSsl(ssl: string): string {
  if (ssl === 'no-verify') return 'require';
  return ssl === '0' || ssl === '' ? 'disable' : 'verify-full';
}

function defaultMode(mode = ''): string | undefined {
  if (['prefer', 'require', 'verify-ca', 'verify-full'].includes(mode)) return 'verify-full';
  return mode === 'no-verify' ? 'require' : mode === 'disable' ? 'disable' : undefined;
}

/** Lends a file of the authorities that Node trusts, those of NODE_EXTRA_CA_CERTS among them. */
async function withTrusted<Result>(work: (file: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'onbehalf-trusted-'));
  try {
    // Node has it since 22.15
    const trusted = (tls as Partial<typeof tls>).getCACertificates?.('default') ?? tls.rootCertificates;
    const file = join(folder, 'authorities.pem');
    await writeFile(file, trusted.join('\n'));
    return await work(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
