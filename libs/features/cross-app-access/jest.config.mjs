import preset from '../../../jest.preset.mjs';

export default { ...preset, displayName: 'cross-app-access' };
