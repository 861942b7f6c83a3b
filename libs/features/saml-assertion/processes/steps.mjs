/**
 * Counts how often functions, branches and loops of the verifier and its parser run, as V8 does: no clock has a say. A process of its
 * own, in which nothing else was loaded; with `--no-lazy-feedback-allocation` V8 counts from the first call on, and with `--no-opt` all
 * of them. Prints the counts as JSON.
 */
import { generateKeyPairSync } from 'node:crypto';
import { Session } from 'node:inspector/promises';
import { encode, PUBLIC_KEY, sign, unsigned, verify } from '../src/assertion/assertion.fixture.ts';

const times = (count, make) => Array.from({ length: count }, (_, i) => make(i)).join('');

/** What makes work, by how much of it there is. */
const SHAPES = {
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

const session = new Session();
session.connect();
await session.post('Profiler.enable');

/** What V8 tells of a function that it has collected meanwhile is lost, so it collects before, and the most of three tries counts. */
async function steps(work) {
  const tries = [];
  for (let each = 0; each < 3; each++) tries.push(await count(work));
  return Math.max(...tries);
}

async function count(work) {
  globalThis.gc();
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  try {
    work();
  } catch {
    // what it comes to is of no matter here
  }
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  return result
    .filter(({ url }) => /@xmldom|xml-crypto|saml-assertion\/src\/assertion/.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
    .reduce((all, count) => all + count, 0);
}

const counted = (encoded) => steps(() => verify(encoded));
const shapes = {};
for (const [name, shape] of Object.entries(SHAPES)) {
  shapes[name] = [];
  for (const made of [(extra) => sign(unsigned({ extra })), (extra) => unsigned({ extra })]) {
    const [little, much] = [encode(made(shape(900))), encode(made(shape(1800)))];
    shapes[name].push({ less: await counted(little), more: await counted(much) });
  }
}
const others = Array.from({ length: 4 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const good = encode(sign(unsigned()));
console.log(
  JSON.stringify({
    shapes,
    tooLarge: await counted(encode(`${unsigned()}${' '.repeat(70_000)}`)),
    oneKey: await counted(good),
    fiveKeys: await steps(() => verify(good, [...others, PUBLIC_KEY])),
  }),
);
