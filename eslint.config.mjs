import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const onlyIn = (room) => `Only ${room} loads it: see ARCHITECTURE.md.`;
const express = { name: 'express', message: 'Baton is typed on node:http and never loads express.' };
const jose = { name: 'jose', message: onlyIn('src/jws') };
const winston = { name: 'winston', message: onlyIn('src/logging') };
const allowPackages = (...paths) => ({ 'no-restricted-imports': ['error', { paths }] });

export default defineConfig(
  // The newcomer's app is as Express's generator writes one.
  globalIgnores([
    'dist/',
    'coverage/',
    '.demo/',
    'scripts/newcomer/app/',
    'site/content/',
    'site/.vitepress/{dist,cache}/',
  ]),
  eslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      // Refusing control characters in headers and paths is part of the job.
      'no-control-regex': 'off',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // `return report(…)` in a void function is how a check stops early.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      // Exports say their type, whatever it is.
      '@typescript-eslint/no-inferrable-types': 'off',
      // Express types are extended through its global namespace.
      '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }],
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions'] }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // An empty header or setting is as good as none, which `||` says and `??` does not.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Borders are checked at run time although the type says it cannot be: callers write JavaScript too.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Takes winston's transports, whose constructors are interfaces, for foreign objects.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Peers and heavy packages are loaded where they are used; the layers check holds which room may load which.
      '@typescript-eslint/no-require-imports': 'off',
      // An interface may promise a promise that one implementation has at once.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      ...allowPackages(express, jose, winston),
      // A switch that is a table counts once.
      complexity: ['error', { max: 20, variant: 'modified' }],
      'max-depth': ['error', 4],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
      'no-console': 'error',
    },
  },
  { files: ['src/jws/**/*.ts'], rules: allowPackages(express, winston) },
  { files: ['src/logging/**/*.ts'], rules: allowPackages(express, jose) },
  { files: ['src/cli/**/*.ts', 'src/local/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Tests read answers as JSON and hand in what the types forbid.
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: { sourceType: 'commonjs', globals: nodeGlobals() },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }] },
  },
  {
    // Parts of one script: tsc (tsconfig.page.json) knows what the other parts and the browser give.
    files: ['src/trace/report/page/*.js'],
    languageOptions: { sourceType: 'script', globals: {} },
    rules: { 'no-undef': 'off', 'no-unused-vars': ['error', { vars: 'local', argsIgnorePattern: '^_' }] },
  },
  { files: ['**/*.mjs'], languageOptions: { sourceType: 'module' } },
);

/** What Node has without an import. Names only: no rule here needs more. */
function nodeGlobals() {
  const names = Object.getOwnPropertyNames(globalThis).filter((name) => name !== 'global' && name !== 'globalThis');
  const moduleScope = ['require', 'module', 'exports', '__dirname', '__filename'];
  return Object.fromEntries([...names, ...moduleScope, 'process', 'Buffer'].map((name) => [name, 'readonly']));
}
