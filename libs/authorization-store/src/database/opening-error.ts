import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { SchemaTooNew } from './schema/migrate.js';
import { StoreUnavailable } from './postgres/store-unavailable.js';

/** SQLSTATE of a server that lets nobody in under this name: password, database, rights. PostgreSQL, appendix A. */
const REFUSED = /^(28...|3D000|42501)$/;

/** What keeps a database from being opened, as one line about its address; any other error as it is. */
export function toOpeningError(url: string, error: unknown): unknown {
  return isOutOfReach(error) ? notOpened(url, error) : error;
}

/** What nobody answers at, or is no file that can be read and written. */
function isOutOfReach(error: unknown): error is Error {
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (error instanceof StoreUnavailable || error instanceof SchemaTooNew) return true;
  return syscall !== undefined || code === 'ERR_SQLITE_ERROR' || REFUSED.test(code ?? '');
}

/** The parameters of an address may hold a password, too. */
function notOpened(url: string, { message }: Error): ConfigurationError {
  const shown = url.replace(/\/\/[^/@]*@/, '//…@').replace(/\?.*/s, '');
  return new ConfigurationError('DATABASE_URL', shown, `the address of a database that can be opened (${message})`);
}
