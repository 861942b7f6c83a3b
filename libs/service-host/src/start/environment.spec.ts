import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { loadEnvironment, readEnvironment } from './environment.js';
import { hostSettings, httpUrl, text } from './settings.js';

const schema = hostSettings(8081).extend({
  ISSUER: httpUrl().default('http://localhost:9001'),
  CLIENT_SECRET: text('the secret of the client').default('secret'),
  AUDIENCE: text('the name of this resource server'),
});
const URL_EXPECTED = 'an absolute http or https URL without credentials, query or fragment';
const PORT_EXPECTED = 'a port, a whole number from 0 to 65535';

describe('a setting that is refused is one line with name, value and what is accepted', () => {
  it.each([
    [{ PORT: 'abc' }, `PORT is "abc"; accepted: ${PORT_EXPECTED}`],
    [{ PORT: '70000' }, `PORT is "70000"; accepted: ${PORT_EXPECTED}`],
    [{ PORT: '-1' }, `PORT is "-1"; accepted: ${PORT_EXPECTED}`],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud"; accepted: one of fatal, error, warn, info, debug, trace, silent'],
    [{ ISSUER: 'localhost:9001' }, `ISSUER is "localhost:9001"; accepted: ${URL_EXPECTED}`],
    [{ ISSUER: 'http://me:word@host' }, `ISSUER is "http://…@host"; accepted: ${URL_EXPECTED}`],
    [{ ISSUER: 'http://host/?a=b' }, `ISSUER is "http://host/?a=b"; accepted: ${URL_EXPECTED}`],
    [{ ISSUER: 'http://host/?' }, `ISSUER is "http://host/?"; accepted: ${URL_EXPECTED}`],
    // who looks at the beginning of it would take it for one without TLS
    [{ ISSUER: 'HTTPS://host' }, `ISSUER is "HTTPS://host"; accepted: ${URL_EXPECTED}`],
    [{ ISSUER: ' https://host' }, `ISSUER is " https://host"; accepted: ${URL_EXPECTED}`],
    [{ ISSUER: 'https:host' }, `ISSUER is "https:host"; accepted: ${URL_EXPECTED}`],
    [{ ISSUER: 'https:\\\\host' }, `ISSUER is "https:\\\\\\\\host"; accepted: ${URL_EXPECTED}`],
    [{ AUDIENCE: ' ' }, 'AUDIENCE is missing; accepted: the name of this resource server'],
  ])('%j', (given, line) => {
    expect(() => readEnvironment(schema, { AUDIENCE: 'user-service', ...given })).toThrow(line);
  });

  it('names every mistake when there are several', () => {
    expect(() => readEnvironment(schema, { PORT: 'x' })).toThrow(
      expect.objectContaining({
        errors: [
          expect.objectContaining({ setting: 'PORT' }) as unknown,
          expect.objectContaining({ setting: 'AUDIENCE' }) as unknown,
        ],
      }),
    );
  });

  it('names a file of a setting that cannot be read, and no other mistake of that setting', () => {
    expect(() => readEnvironment(schema, { AUDIENCE_FILE: '/nowhere' })).toThrow(
      'AUDIENCE_FILE is "/nowhere"; accepted: a text file that can be read (ENOENT)',
    );
    expect(() => readEnvironment(schema, { AUDIENCE_FILE: '/nowhere', PORT: 'x' })).toThrow(
      expect.objectContaining({
        errors: [
          expect.objectContaining({ setting: 'AUDIENCE_FILE' }) as unknown,
          expect.objectContaining({ setting: 'PORT' }) as unknown,
        ],
      }),
    );
  });

  it('never shows the value of a secret', () => {
    const strict = z.object({ CLIENT_SECRET: z.string().min(20, 'at least 20 characters') });
    expect(() => readEnvironment(strict, { CLIENT_SECRET: 'hunter2' })).toThrow(
      'CLIENT_SECRET is "(not shown)"; accepted: at least 20 characters',
    );
  });
});

describe('settings', () => {
  it('may stand in files', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'onbehalf-env-')), 'secret');
    const secret = randomUUID();
    writeFileSync(path, `${secret}\n`);
    expect(readEnvironment(schema, { AUDIENCE: 'a', CLIENT_SECRET_FILE: path })).toMatchObject({
      CLIENT_SECRET: secret,
    });
  });

  it('take the default where nothing, or nothing but space, is given', () => {
    expect(readEnvironment(schema, { AUDIENCE: 'user-service', PORT: '', ISSUER: undefined })).toEqual({
      HOST: '127.0.0.1',
      PORT: 8081,
      LOG_LEVEL: 'info',
      MAX_CONCURRENT_REQUESTS: 200,
      SHUTDOWN_DELAY: 0,
      ISSUER: 'http://localhost:9001',
      CLIENT_SECRET: 'secret',
      AUDIENCE: 'user-service',
    });
  });

  it('come from the file only where the process sets nothing', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'environment-')), '.env');
    writeFileSync(file, 'PORT=1\nHOST=0.0.0.0\n');
    expect(loadEnvironment(file, { PORT: '2', HOST: '' })).toEqual({ PORT: '2', HOST: '0.0.0.0' });
  });

  it('are refused from a file that never ends', () => {
    expect(() => loadEnvironment('/dev/zero', {})).toThrow('/dev/zero is "EFBIG"; accepted: a text file');
  });

  it('come from the process alone where there is no file', () => {
    expect(loadEnvironment('/no/such/file', { PORT: '2' })).toEqual({ PORT: '2' });
  });
});
