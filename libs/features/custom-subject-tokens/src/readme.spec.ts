import { expect, it } from '@jest/globals';
import { compareReadme } from '@onbehalf/testing-internal';
// #region features
import { FeatureSet } from '@onbehalf/authorization-server';
import { customSubjectTokens } from '@onbehalf/feature-custom-subject-tokens';

const features = new FeatureSet([customSubjectTokens]);
// #endregion

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('is a feature of the server', () => {
  expect(features).toBeInstanceOf(FeatureSet);
});
