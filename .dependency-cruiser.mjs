/** Which arrows there may be inside a project; eslint.config.mjs says which there may be between projects. Types count. */
export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one thought, or one of them holds what belongs below both.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-cycle-between-rooms',
      comment: 'The folders of a project stand in one order: what two of them need belongs into the lower one.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: `${import.meta.dirname}/tsconfig.base.json` },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@onbehalf/source', 'import', 'node'] },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['node_modules', '/dist/', '\\.(spec|fixture|test-d)\\.tsx?$'] },
  },
};
