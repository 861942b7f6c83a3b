export { customSubjectTokens } from './custom-subject-tokens.feature.js';
export { customSubjectTokensSettings, type CustomSubjectTokensSettings } from './custom-subject-tokens.schema.js';
export {
  actor,
  denied,
  invalid,
  subject,
  unavailable,
  type ActingParty,
  type Outcome,
  type SubjectStatement,
} from './profile/outcome.js';
export {
  SubjectTokenType,
  subjectTokenProfile,
  type ProfileRequest,
  type ProvisionedAccount,
  type SubjectTokenProfile,
} from './profile/subject-token-profile.js';
