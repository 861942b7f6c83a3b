import preset from '../jest.preset.mjs';

/** Milliseconds. Whole systems start and answer, on machines that may have much else to do. */
const testTimeout = 30_000;

export default { ...preset, displayName: 'e2e', maxWorkers: 1, testTimeout };
