import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readByOthers } from './read-by-others.js';

const folder = mkdtempSync(join(tmpdir(), 'read-by-others-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('what OpenTelemetry and Node read at a start', () => {
  const path = join(folder, 'file');
  const after = (name: string, given: Record<string, string>, change: () => void): boolean => {
    const before = readByOthers(given)[name];
    change();
    return before !== readByOthers(given)[name];
  };

  it.each([
    ['headers in a file', 'OTEL_EXPORTER_OTLP_HEADERS', { OTEL_EXPORTER_OTLP_HEADERS_FILE: path }],
    ['headers of one signal', 'OTEL_EXPORTER_OTLP_LOGS_HEADERS', { OTEL_EXPORTER_OTLP_LOGS_HEADERS_FILE: path }],
    ['a certificate', 'OTEL_EXPORTER_OTLP_CERTIFICATE', { OTEL_EXPORTER_OTLP_CERTIFICATE: path }],
    ['the key of a client', 'OTEL_EXPORTER_OTLP_CLIENT_KEY', { OTEL_EXPORTER_OTLP_CLIENT_KEY: path }],
    ['certificates that are trusted', 'NODE_EXTRA_CA_CERTS', { NODE_EXTRA_CA_CERTS: path }],
  ])('is otherwise with another content: %s', (_, name, given) => {
    writeFileSync(path, 'one');
    expect(after(name, given, () => undefined)).toBe(false);
    expect(after(name, given, () => writeFileSync(path, 'two'))).toBe(true);
    expect(JSON.stringify(readByOthers(given))).not.toContain('two');
  });

  it('is every variable of OpenTelemetry, and no other', () => {
    const given = { OTEL_BSP_MAX_QUEUE_SIZE: '7', PORT: '1' };
    expect(Object.keys(readByOthers(given))).toEqual(['OTEL_BSP_MAX_QUEUE_SIZE']);
  });
});
