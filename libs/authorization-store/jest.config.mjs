import preset from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'authorization-store',
  globalSetup: '<rootDir>/../testing-internal/shared-postgres.mjs',
  globalTeardown: '<rootDir>/../testing-internal/shared-postgres-stop.mjs',
};
