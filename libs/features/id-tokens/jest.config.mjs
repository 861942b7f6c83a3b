import preset from '../../../jest.preset.mjs';

export default { ...preset, displayName: 'feature-id-tokens' };
