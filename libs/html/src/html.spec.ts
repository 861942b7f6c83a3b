import { describe, expect, it } from '@jest/globals';
import { html, Html } from './html.js';

describe('html', () => {
  it.each([
    ['an element', '<b>', '&lt;b&gt;'],
    ['an entity', '&amp;', '&amp;amp;'],
    ['double quotes', '"', '&quot;'],
    ['single quotes', "'", '&#39;'],
    ['a number', 1, '1'],
    ['nothing', undefined, ''],
  ])('escapes %s', (_, value, expected) => {
    expect(html`<p title="${value}">${value}</p>`.text).toBe(`<p title="${expected}">${expected}</p>`);
  });

  it('leaves HTML, and lists of it, as they are', () => {
    const items = [html`<li>1</li>`, new Html('<li>2</li>')];
    expect(
      html`<ul>
        ${items}
      </ul>`.text.replace(/\s/g, ''),
    ).toBe('<ul><li>1</li><li>2</li></ul>');
  });

  it('keeps a backslash of a value', () => {
    expect(html`${'\\u003c'}`.text).toBe('\\u003c');
  });
});
