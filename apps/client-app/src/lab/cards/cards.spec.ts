import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { CASES } from '../pages/which.page.js';
import { CARDS } from './cards.js';

const ROOT = new URL('../../../../../', import.meta.url);
const ids = CARDS.map(({ id }) => id);

describe('the cards', () => {
  it('have an address each', () => {
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('stand behind every sentence of the page that helps to choose', () => {
    for (const { question, cards } of CASES) {
      expect([question, cards.filter((id) => !ids.includes(id))]).toEqual([question, []]);
      expect([question, cards.length > 0]).toEqual([question, true]);
    }
  });

  it('and that page lead to guides that are there', () => {
    const guides = [...CARDS.flatMap(({ guide }) => guide ?? []), ...CASES.flatMap((each) => each.guides)];
    expect(guides.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });
});
