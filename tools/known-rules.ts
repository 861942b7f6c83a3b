import { table } from './known-errors.ts';

/** Values of `rule` in audit records and explanations: the rule, or the stage before the rules, that refused. */
export const RULES = table([
  [
    'endpoint',
    'The request did not reach the exchange: authentication, grant, parameters or proof.',
    'As its `error` says.',
  ],
  [
    'request',
    'The form is not a token exchange request (RFC 8693 §2.1).',
    'Correct the parameter that the answer names.',
  ],
  [
    'token-type',
    'The declared or requested token type is not supported.',
    'Use one of the types that the answer lists.',
  ],
  [
    'exchange',
    'The exchange failed, or its subject or actor could not be looked up.',
    'Look for the cause in the log.',
  ],
  ['audit', 'The audit record could not be written, so that nothing was issued.', 'Check the database.'],
  ['client', 'The client is disabled, public, or no longer registered.', 'Enable it, or register it as confidential.'],
  [
    'target',
    'No edge leads from the client and the subject’s audience to the target.',
    'Add an edge; `reach` lists those that there are.',
  ],
  ['shared-token', 'One token was asked for several targets that do not share one.', 'Ask for a token for each.'],
  ['subject-token', 'The subject token is not valid.', 'Send a fresh one; the reason tells what is wrong with it.'],
  ['actor-token', 'The actor token is not valid.', 'Send a fresh one; the reason tells what is wrong with it.'],
  [
    'subject-type',
    'The edge does not take subject tokens of this type.',
    'Send another kind of token, or widen the edge.',
  ],
  ['requested-type', 'The edge does not give tokens of this type.', 'Ask for another, or widen the edge.'],
  [
    'subject-state',
    'The subject token has expired, was revoked or is unknown, or its subject is disabled.',
    'Let the user sign in again.',
  ],
  [
    'actor-state',
    'The actor token has expired, was revoked or is unknown, or its subject is disabled.',
    'Fetch a fresh actor token.',
  ],
  [
    'subject-audience',
    'The subject token is for an audience that the client does not represent.',
    'Send the token that the client itself was called with.',
  ],
  [
    'subject-issuer',
    'The edge does not take subjects of this issuer.',
    'Widen the edge, if you trust the issuer for it.',
  ],
  [
    'may-act',
    '`may_act` of the subject token names another actor (RFC 8693 §4.4).',
    'Let the named actor make the exchange.',
  ],
  ['actor', 'The actor is not the one that the edge demands.', 'Send an actor token, or none, as the edge says.'],
  [
    'impersonation',
    'The edge does not permit impersonation, or the user is protected.',
    'Delegate instead, or change the edge.',
  ],
  [
    'impersonated-reach',
    'An impersonation asks for another type of token than access tokens, or for the resource of operators.',
    'Let the user do this: an administrator who uses the account may not.',
  ],
  [
    'impersonated-subject',
    'There is no such account, or it is disabled, protected, or the administrator’s own.',
    'Look for the reason in the record; the administrator is not told.',
  ],
  [
    'administrator',
    'The actor token is not for this server, or its subject may not impersonate.',
    'Give the engineer the role of the edge in `entitledScopes`, and ask for it at the sign-in.',
  ],
  [
    'stated-ticket',
    'An impersonation names no ticket where it must, or one that is no plain text.',
    'Name the ticket.',
  ],
  ['read-only', 'A scope was asked for that does more than read.', 'Ask for less, or let the edge widen to it.'],
  [
    'linked-account-subject',
    'The account of a third party was asked for, and the subject is no user of this server.',
    'Exchange a token of a user.',
  ],
  [
    'linked-account',
    'The user has linked no account there, it has ended or is for less, or the provider cannot be asked now.',
    'Send the user to `interaction_uri`; the reason says which.',
  ],
  [
    'impersonation-admission',
    'Another impersonation of the engineer is under way, or a second person has not confirmed.',
    'Stop the other one; let another operator confirm.',
  ],
  [
    'own-actor-token',
    'An AI agent presents no actor token, or none of its own for this server; or somebody else presents one of an agent.',
    'The agent presents its own token for `auth-server-actors` with the scope `act`.',
  ],
  [
    'user-consent',
    'The user has not allowed the AI agent what it asks for, not for so long, or nobody answers for the agent.',
    'Send the user to `interaction_uri`; see to the owner of the agent.',
  ],
  [
    'delegation-depth',
    'The chain of actors would be longer than the edge allows.',
    'Shorten the chain of calls, or raise `maxDepth`.',
  ],
  ['delegation-cycle', 'A party would act in the chain a second time.', 'Remove the circle of calls.'],
  ['authentication', 'The edge demands a fresher or stronger sign-in.', 'Send the user through a step-up.'],
  [
    'bound-client',
    'The client is bound to a key and has proven none.',
    'Send a DPoP proof, or use the client certificate.',
  ],
  [
    'key-binding',
    'The token is bound to a key that the request does not prove.',
    'Prove the key of the token, or let the edge rebind.',
  ],
  ['requested-scope', 'A scope was asked for that the edge does not give.', 'Ask for less, or widen the edge.'],
  ['required-scope', 'The subject token does not hold the scope that the edge requires.', 'Sign in with that scope.'],
  ['entitlement', 'The subject itself is not entitled to the scope.', 'Give the user the scope, if that is intended.'],
  ['scope', 'Nothing is left of the scopes that were asked for.', 'Ask for a scope that the target has.'],
  ['single-use', 'The token may be used once and was used before.', 'Send a fresh one; find out who else has it.'],
  ['lifetime', 'The subject token ends too soon for another token.', 'Send a fresh one.'],
  [
    'taken-grant',
    'The grant of another domain is for other resources, or bound to a key that the request does not prove.',
    'Ask for what it names, with the key that it was issued to.',
  ],
  [
    'given-grant',
    'Nobody is impersonated in another domain.',
    'Let the edge to the other domain be one of delegation.',
  ],
]);
