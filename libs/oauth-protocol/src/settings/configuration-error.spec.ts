import { expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration-error.js';

it('a configuration error is one line with the setting, what was given and what is accepted', () => {
  expect(new ConfigurationError('PORT', 'eight', 'a number').message).toBe('PORT is "eight"; accepted: a number');
  expect(new ConfigurationError('ISSUER', undefined, 'a URL').message).toBe('ISSUER is missing; accepted: a URL');
  expect(new ConfigurationError('NAME', 'a\nb', 'one line').message).not.toContain('\n');
});
