import { describe, expect, it } from '@jest/globals';
import { forgedAssertions } from '@onbehalf/testing-internal';
import { TokenRejection } from '@onbehalf/jwt-verification';
import fc from 'fast-check';
import type { Assertion } from './assertion.js';
import { encode, sign, signatureIn, signed, unsigned, verify } from './assertion.fixture.js';

const good = signed();
const signature = signatureIn(good);
const original = good.replace(signature, '');
const keyInfo = '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyName>k</ds:KeyName></ds:KeyInfo>';

describe('a signature over another part than the one that is read', () => {
  it.each(forgedAssertions({ unsigned, sign }))('is refused: %s', (_, xml) => {
    expect(() => verify(encode(xml))).toThrow(TokenRejection);
  });

  it('is not made by what stands in KeyInfo, which may be there', () => {
    expect(verify(encode(good.replace('</ds:Signature>', `${keyInfo}</ds:Signature>`))).name).toBe('alice');
  });
});

function saying(assertion: Assertion): object {
  return { ...assertion, attributes: [...assertion.attributes] };
}

/** `npm run soak` sets more. */
const MUTATIONS = Number(process.env['SAML_MUTATIONS'] ?? 500);

describe('mutated assertions', () => {
  const position = fc.nat({ max: good.length - 1 });
  const piece = fc.oneof(
    fc.constantFrom(
      '<',
      '>',
      '"',
      '&',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '</',
      '/>',
      'ID="_a"',
      'admin',
      signature,
      original,
    ),
    fc.string({ maxLength: 12 }),
  );
  const mutation = fc.oneof(
    fc.tuple(position, piece).map(([at, text]) => good.slice(0, at) + text + good.slice(at)),
    fc.tuple(position, fc.nat({ max: 400 })).map(([at, length]) => good.slice(0, at) + good.slice(at + length)),
    fc.tuple(position, piece).map(([at, text]) => good.slice(0, at) + text + good.slice(at + text.length)),
    fc.tuple(position, position, fc.nat({ max: 800 })).map(([from, to, length]) => {
      const moved = good.slice(from, from + length);
      return good.slice(0, to) + moved + good.slice(to);
    }),
  );

  it('are refused by a typed rejection, or say what was signed', () => {
    const said = saying(verify(encode(good)));
    fc.assert(
      fc.property(mutation, (xml) => {
        try {
          expect(saying(verify(encode(xml)))).toEqual(said);
        } catch (error) {
          if (!(error instanceof TokenRejection)) throw error;
        }
      }),
      { numRuns: MUTATIONS },
    );
  });
});
