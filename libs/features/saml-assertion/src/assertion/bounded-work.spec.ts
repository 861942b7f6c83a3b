import { generateKeyPairSync } from 'node:crypto';
import { Session } from 'node:inspector/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encode, PUBLIC_KEY, sign, unsigned, verify } from './assertion.fixture.js';

const session = new Session();
beforeAll(async () => {
  session.connect();
  await session.post('Profiler.enable');
});
afterAll(() => session.disconnect());

/** How often functions, branches and loops of the verifier and its parser run, as V8 counts them: no clock has a say. */
async function steps(work: () => void): Promise<number> {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  return result
    .filter(({ url }) => /@xmldom|xml-crypto|saml-assertion\/src\/assertion/.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
    .reduce((all, count) => all + count, 0);
}

const times = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i)).join('');

/** What makes work, by how much of it there is. */
const SHAPES: Readonly<Record<string, (much: number) => string>> = {
  elements: (much) => times(much, () => '<a/>'),
  'elements in each other': (much) => times(much / 50, () => '<a>'.repeat(50) + '</a>'.repeat(50)),
  'attributes of one element': (much) => `<a ${times(much, (i) => ` b${i}=""`)}/>`,
  'namespaces of one element': (much) => `<a ${times(much, (i) => ` xmlns:n${i}="urn:${i}"`)}/>`,
  'namespaces in each other': (much) =>
    times(much / 50, () => times(50, (i) => `<a xmlns:n${i}="urn:${i}">`) + '</a>'.repeat(50)),
  'namespaces above elements': (much) =>
    `<a ${times(much / 2, (i) => ` xmlns:n${i}="urn:${i}"`)}>${times(much / 2, (i) => `<n${i}:b/>`)}</a>`,
  'references to characters': (much) => `<a>${times(much, () => '&#65;')}</a>`,
  comments: (much) => `<a>${times(much, () => '<!---->')}</a>`,
  'sections of CDATA': (much) => `<a>${times(much, () => '<![CDATA[]]>')}</a>`,
  text: (much) => `<a>${'x'.repeat(much * 8)}</a>`,
  'attributes of the user': (much) =>
    `<saml:AttributeStatement>${times(much / 4, (i) => `<saml:Attribute Name="n${i}"/>`)}</saml:AttributeStatement>`,
};

describe('the work that an assertion causes', () => {
  const tried = (encoded: string) => () => {
    try {
      verify(encoded);
    } catch {
      // what it comes to is of no matter here
    }
  };

  it.each(Object.entries(SHAPES))('grows as it does, signed or not: %s', async (_, shape) => {
    for (const made of [(extra: string) => sign(unsigned({ extra })), (extra: string) => unsigned({ extra })]) {
      const [little, much] = [encode(made(shape(900))), encode(made(shape(1800)))];
      await steps(tried(little));
      const [less, more] = [await steps(tried(little)), await steps(tried(much))];
      expect(less).toBeGreaterThan(100);
      // twice as much of it is twice the work, not four times
      expect(more).toBeLessThan(2.5 * less);
      expect(more).toBeLessThan(1_000_000);
    }
  });

  it('is next to nothing for what is too large: no parser runs', async () => {
    const huge = encode(`${unsigned()}${' '.repeat(70_000)}`);
    await steps(tried(huge));
    expect(await steps(tried(huge))).toBeLessThan(100);
  });

  it('is once more for each key of the issuer that does not fit, and no more', async () => {
    const good = encode(sign(unsigned()));
    const others = Array.from({ length: 4 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
    await steps(tried(good));
    const once = await steps(tried(good));
    expect(await steps(() => void verify(good, [...others, PUBLIC_KEY]))).toBeLessThan(5 * once);
  });
});
