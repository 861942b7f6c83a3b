export { execute, rowsOf } from '@onbehalf/testing';
