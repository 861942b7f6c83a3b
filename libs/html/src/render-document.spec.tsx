import { describe, expect, it } from '@jest/globals';
import { renderDocument } from './render-document.js';

describe('renderDocument', () => {
  it.each([
    ['an element', '<b>', '&lt;b>'],
    ['an entity', '&amp;', '&amp;amp;'],
    ['double quotes', '"', '&quot;'],
    ['a number', 1, '1'],
    ['a backslash', '\\u003c', '\\u003c'],
  ])('escapes %s in text and in attributes', (_, value, expected) => {
    expect(renderDocument(<p title={String(value)}>{value}</p>)).toBe(
      `<!doctype html><p title="${expected}">${expected}</p>`,
    );
  });

  it('leaves out what is undefined', () => {
    expect(renderDocument(<p title={undefined}>{undefined}</p>)).toBe('<!doctype html><p></p>');
  });

  it('puts components and lists of them into the page as they are', () => {
    const Item = ({ name }: { name: string }) => <li>{name}</li>;
    const names = ['1', '2'];
    expect(
      renderDocument(
        <ul>
          {names.map((name) => (
            <Item name={name} />
          ))}
        </ul>,
      ),
    ).toBe('<!doctype html><ul><li>1</li><li>2</li></ul>');
  });
});
