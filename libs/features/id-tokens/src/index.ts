export { idTokens } from './id-tokens.feature.js';
