export { logIn, obtainCode, type Login } from '@onbehalf/testing';
