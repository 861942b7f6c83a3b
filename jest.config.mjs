const everything = { branches: 100, functions: 100, lines: 100, statements: 100 };

/** Every project's specs in one run; each project also runs alone with `npx nx test <project>`. */
export default {
  // modules of a spec outlive it: a process that ran them all would need more than 4 GB
  workerIdleMemoryLimit: '2GB',
  projects: ['<rootDir>/libs/!(features)', '<rootDir>/libs/features/*', '<rootDir>/apps/*'],
  // with --coverage: the vocabulary and the engine are covered whole, and nothing else is measured
  collectCoverageFrom: [
    'libs/{oauth-protocol,token-exchange}/src/**/*.ts',
    '!**/*.{spec,fixture,test-d}.ts',
    '!**/index.ts',
  ],
  coverageReporters: ['text-summary'],
  coverageThreshold: { './libs/oauth-protocol/src/': everything, './libs/token-exchange/src/': everything },
};
