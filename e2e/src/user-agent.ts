export { nextOf, UserAgent } from '@onbehalf/testing';
