import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const NEST = ['@nestjs/*', 'nestjs-pino'];
const HTTP = ['express', 'fastify', 'axios', 'openid-client', 'oauth4webapi', 'oidc-provider'];
const DATABASE = ['kysely', 'pg', 'node:sqlite'];
const XML = ['xml-crypto', '@xmldom/xmldom'];

/** Who may depend on whom; a project without a tag may import nothing. */
const layers = [
  { sourceTag: 'layer:vocabulary', onlyDependOnLibsWithTags: [], allowedExternalImports: ['node:*'] },
  {
    sourceTag: 'layer:core',
    onlyDependOnLibsWithTags: ['layer:vocabulary', 'layer:core'],
    bannedExternalImports: [...NEST, ...HTTP, ...DATABASE, ...XML],
  },
  {
    sourceTag: 'layer:adapter',
    onlyDependOnLibsWithTags: ['layer:vocabulary', 'layer:core'],
    bannedExternalImports: NEST,
  },
  {
    sourceTag: 'layer:nest',
    onlyDependOnLibsWithTags: ['layer:vocabulary', 'layer:core'],
    bannedExternalImports: [...DATABASE, ...XML],
  },
  {
    // guards its own endpoints as everybody does
    sourceTag: 'layer:server',
    onlyDependOnLibsWithTags: ['layer:vocabulary', 'layer:core', 'layer:nest'],
    bannedExternalImports: [...DATABASE, ...XML],
  },
  {
    // what a capability needs beyond the server, such as XML signatures, is its own affair; nobody depends on it but the composition
    sourceTag: 'layer:feature',
    onlyDependOnLibsWithTags: ['layer:vocabulary', 'layer:core', 'layer:nest', 'layer:server'],
    bannedExternalImports: DATABASE,
  },
  {
    sourceTag: 'layer:app',
    onlyDependOnLibsWithTags: ['layer:vocabulary', 'layer:core', 'layer:adapter', 'layer:nest'],
  },
  {
    sourceTag: 'layer:composition',
    onlyDependOnLibsWithTags: [
      'layer:vocabulary',
      'layer:core',
      'layer:adapter',
      'layer:nest',
      'layer:server',
      'layer:feature',
    ],
  },
  { sourceTag: 'layer:testing', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'layer:e2e', onlyDependOnLibsWithTags: ['*'] },
];

/** What a team copies into its own repository must not drag the server along. */
const reach = [
  { sourceTag: 'reach:portable', onlyDependOnLibsWithTags: ['reach:portable'] },
  { sourceTag: 'reach:server', onlyDependOnLibsWithTags: ['reach:portable', 'reach:server'] },
  { sourceTag: 'reach:app', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'reach:testing', onlyDependOnLibsWithTags: ['*'] },
];

export default tseslint.config(
  {
    ignores: ['**/dist', '**/coverage', '.nx', '**/var', 'e2e/applications', 'docs/.vitepress/**', 'docs/reference/**'],
  },
  eslint.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  prettier,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { enforceBuildableLibDependency: false, allow: [], depConstraints: [...layers, ...reach] },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 220, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // specs may use the test issuer although it sits above every layer
    files: ['**/*.spec.{ts,tsx}', '**/*.test-d.ts', '**/*.fixture.ts', '**/*.fixture.tsx'],
    rules: {
      '@nx/enforce-module-boundaries': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      'max-lines': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
);
