import preset from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'authorization-store',
  globalSetup: '<rootDir>/../testing/shared-postgres.mjs',
  globalTeardown: '<rootDir>/../testing/shared-postgres-stop.mjs',
};
