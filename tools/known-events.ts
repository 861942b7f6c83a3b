import { table } from './known-errors.ts';

/** Values of `event` in the log. */
export const EVENTS = table([
  ['authorization.error', 'An authorization request was refused.', 'Read `code` and `reason`.'],
  [
    'grant.error',
    'A request at the token endpoint was refused.',
    'Read `code` and `reason`; the audit record tells the rule.',
  ],
  ['introspection.error', 'An introspection request was refused.', 'Read `code` and `reason`.'],
  ['revocation.error', 'A revocation request was refused.', 'Read `code` and `reason`.'],
  [
    'revocations.error',
    'A resource server was not let in to the revocation feed.',
    'Compare its credentials with its registration.',
  ],
  [
    'me.token_refused',
    'A token that does not come from a login of the person, or through a client of the file, asked at `/me`.',
    'Read `reason`; ask with a token that a login or a refresh gave for `auth-server-me`.',
  ],
  ['userinfo.error', 'A request for user info was refused.', 'Read `code` and `reason`.'],
  ['end_session.error', 'A logout request was refused.', 'Compare `post_logout_redirect_uri` with the registration.'],
  ['pushed_authorization_request.error', 'A pushed authorization request was refused.', 'Read `code` and `reason`.'],
  ['server_error', 'The server failed.', '`name` and `reason` tell where; report anything that is no outage.'],
  [
    'request_failed',
    'A request was cut off, or could not be served.',
    'Nothing, unless it is frequent: then look at proxies and time-outs.',
  ],
  ['outage', 'Something that a page or an operator’s endpoint needs is out of reach.', 'Check what `reason` names.'],
  [
    'registrations.not_followed',
    'The registrations in the store could not be read; the last ones stay in force.',
    'Check the database.',
  ],
  [
    'registrations.old_file',
    'The file that this replica started with is older than what another replica has put in force.',
    'Roll the newer file out here, too: it is read again by itself.',
  ],
  [
    'registrations.unfit',
    'A stored registration is one that this version would not store; it lets nobody in, and neither does the file in its place.',
    'Correct what `reason` names, or delete it from the store.',
  ],
  [
    'registrations.replaced',
    'A stored registration stands in the place of one of the file, and has the members of `differs` otherwise.',
    'Write into the file what you mean, and delete it from the store; `auth-server:registrations diff` lists them.',
  ],
  [
    'registrations.stale',
    'A stored registration names what is not registered any more, as `reason` tells.',
    'Correct it, delete it from the store, or put back what it names.',
  ],
  [
    'registrations.overruled',
    'A stored registration leads to the resource of operators; only the file counts for that.',
    'Write it into the configuration file, or delete it from the store.',
  ],
  [
    'subject_token_profile.failed',
    'A profile of a custom token type threw, was late, or returned something that is no outcome.',
    '`reason` and `frames` tell where; test it with `createProfileTester`.',
  ],
  [
    'impersonation_hook_failed',
    'The hook that tells a team of impersonations threw.',
    'Read `reason`; the impersonation is on record all the same.',
  ],
  [
    'configuration.reloaded',
    'The configuration file was read again, and counts; `operator` is absent where another replica was asked.',
    'Nothing. What `needsRestart` names counts after a restart.',
  ],
  [
    'configuration.not_reloaded',
    'The configuration file, or this replica’s copy of it, cannot be put in force; the one from before stays.',
    'Correct each of the `mistakes`, and reload; a copy that is too old is read again by itself.',
  ],
  [
    'configuration.warning',
    'The configuration is accepted, and something in it had better be otherwise.',
    'Do what `warning` says, such as to give edges an `id`.',
  ],
  [
    'demo_credentials',
    'Credentials that ship with the project are in use.',
    'Set your own before anybody else can reach the server.',
  ],
  [
    'port.failed',
    'A port of the application threw, was late, or answered what makes no sense; what hangs on it is refused with 503.',
    'Read `port` and `reason`, and mend the application.',
  ],
  [
    'accounts.refused',
    'The application has an account that cannot be: one of the file, or one that leads to operators.',
    'Read `reason`; rename the account, or write it into the file.',
  ],
  [
    'workload.authenticated',
    'A workload has shown a token that this process has not seen: its subject, and its namespace, pod and node where it has such.',
    'Nothing, unless it runs where it should not: then disable the client.',
  ],
  ['clients.refused', 'The application has a client that cannot be; it is not let in.', 'Correct what `reason` names.'],
  [
    'clients.not_read',
    'The clients of the application could not be read; those known stay in force.',
    'Read `port.failed` before it.',
  ],
  [
    'route_under_prefix',
    'The application has a route of the same path, so that both stand under its global prefix.',
    'Give the route of the application another path.',
  ],
]);
