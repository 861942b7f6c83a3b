import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { check } from 'prettier';
import { parse, stringify } from 'yaml';
import { readServerConfig } from '../read-server-config.js';
import { writtenOut } from '../written-out.js';
import { longForm, secrets, shortForm } from './fifty-services.fixture.js';

const WIDTH = 100;

describe('50 services with 150 edges', () => {
  const folder = mkdtempSync(join(tmpdir(), 'services-'));
  const [short, long] = [join(folder, 'short.yaml'), join(folder, 'long.yaml')];
  writeFileSync(short, shortForm());
  writeFileSync(long, stringify(longForm()));

  it('need less than 400 lines as a formatter leaves them, where the long way needs more than 2,000', async () => {
    const lines = shortForm().trimEnd().split('\n');
    expect(lines.length).toBeLessThan(400);
    expect(lines.filter((line) => line.length > WIDTH)).toEqual([]);
    expect(await check(shortForm(), { parser: 'yaml', printWidth: WIDTH, singleQuote: true })).toBe(true);
    expect(stringify(longForm()).split('\n').length).toBeGreaterThan(2000);
  });

  it('come to exactly the same configuration', () => {
    const config = readServerConfig(short, secrets);
    expect(config).toEqual(readServerConfig(long, secrets));
    expect([config.resources, config.clients, config.edges].map(({ length }) => length)).toEqual([50, 50, 150]);
  });

  it('are the same written out', () => {
    expect(parse(writtenOut(short))).toEqual(parse(writtenOut(long)));
    expect(parse(writtenOut(short))).toEqual(longForm());
  });
});
