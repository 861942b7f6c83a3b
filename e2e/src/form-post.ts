export { basic, postForm, toAnswer, type Answer, type Fields } from '@onbehalf/testing';
