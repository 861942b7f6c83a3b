/** Every project's specs in one run; each project also runs alone with `npx nx test <project>`. */
export default { projects: ['<rootDir>/libs/*', '<rootDir>/apps/*'] };
