import { hash } from 'node:crypto';
import { readSmallFile, valueOrFile } from '@onbehalf/oauth-protocol';
import type { EnvironmentSource } from './environment.js';

/** Variables that name a file which is read once: certificates of OpenTelemetry's exporters, and those that Node trusts. */
const NAMES_A_FILE = /^(NODE_EXTRA_CA_CERTS|OTEL_.*_(CERTIFICATE|CLIENT_KEY))$/;
/** Bytes. */
const LARGEST = 16 * 1024 * 1024;
const HEADERS_IN_A_FILE = /^(OTEL_EXPORTER_OTLP_(?:\w+_)?HEADERS)_FILE$/;

/**
 * What OpenTelemetry's SDK and Node read at a start, and no schema of settings names; as hashes, to be compared.
 * @throws ConfigurationError for headers that cannot be read
 */
export function readByOthers(source: EnvironmentSource): Readonly<Record<string, string>> {
  const given = Object.entries(source).filter(([name]) => name.startsWith('OTEL_') || NAMES_A_FILE.test(name));
  return Object.fromEntries(
    given.map(([name, value = '']) => {
      const [, headers] = HEADERS_IN_A_FILE.exec(name) ?? [];
      if (headers !== undefined) return [headers, hashed(valueOrFile(headers, source) ?? '')];
      return [name, hashed(NAMES_A_FILE.test(name) ? contentOf(value) : value)];
    }),
  );
}

function contentOf(path: string): string | Buffer {
  try {
    return readSmallFile(path, LARGEST);
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function hashed(value: string | Buffer): string {
  return hash('sha256', value, 'base64url');
}
