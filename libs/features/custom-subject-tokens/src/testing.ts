export { createProfileTester, type ProfileTester, type TestedOutcome } from './profile-tester.js';
