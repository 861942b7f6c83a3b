import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { hostSettings, readEnvironment } from '@onbehalf/service-host';
import { DEFAULT_PORT, environment } from './settings.js';

const all = environment.safeExtend(hostSettings(DEFAULT_PORT).shape);
const example = parseEnv(readFileSync(new URL('../.env.example', import.meta.url), 'utf8'));

describe('.env.example', () => {
  it('names every setting, and none that does not exist', () => {
    expect(Object.keys(example).toSorted()).toEqual(Object.keys(all.shape).toSorted());
  });

  it('shows the defaults', () => {
    expect(readEnvironment(all, example)).toEqual(readEnvironment(all, {}));
  });
});
