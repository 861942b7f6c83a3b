import preset from '../../../jest.preset.mjs';

export default { ...preset, displayName: 'custom-subject-tokens' };
