/** This server as the issuer of its own tokens. */
export const OWN_ISSUER = Symbol('own issuer');
/** The index of issued tokens. */
export const ISSUED_TOKENS = Symbol('issued tokens');
/** Who may exchange what for what. */
export const EXCHANGE_POLICY = Symbol('exchange policy');
/** What has become of tokens and accounts. */
export const EXCHANGE_STATE = Symbol('exchange state');
/** Where exchanges are recorded and counted. */
export const EXCHANGE_RECORDS = Symbol('exchange records');
/** What audit records hold beside the members that all have. */
export const AUDIT_FIELDS = Symbol('audit fields');
/** What this server decided and what operators did. */
export const AUDIT_TRAIL = Symbol('audit trail');
/** What users let clients do. */
export const CONSENTS = Symbol('consents');
/** Finds out where a request comes from. */
export const CLIENT_ADDRESS = Symbol('client address');
/** The accounts of the application, where it has its own. */
export const OWN_ACCOUNTS = Symbol('own accounts');
/** The log levels of the application; `undefined` where they cannot be changed. */
export const LOG_LEVELS = Symbol('the log levels');
