import preset from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'token-exchange',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.{spec,fixture,test-d}.ts', '!src/index.ts'],
  coverageThreshold: { global: { branches: 100, functions: 100, lines: 100, statements: 100 } },
};
