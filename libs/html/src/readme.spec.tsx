import { expect, it } from '@jest/globals';
import { compareReadme } from '@onbehalf/testing-internal';
// #region page
import { renderDocument } from '@onbehalf/html';

const page = (title: string, name: string) => renderDocument(<p title={title}>Hello {name}</p>); // both are escaped
// #endregion

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('escapes text and attributes', () => {
  expect(page('"', '<b>')).toBe('<!doctype html><p title="&quot;">Hello &lt;b></p>');
});
