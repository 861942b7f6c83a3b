type Event = Readonly<Record<string, unknown>>;

/** What an event tells, in one sentence for people. Follows from the event, so that records of any age have one. */
export function sentenceOf(event: Event): string {
  const { type } = event;
  if (typeof type !== 'string') return 'something happened';
  const sentence = Object.hasOwn(SENTENCES, type) ? SENTENCES[type] : undefined;
  return sentence ? sentence(event) : type;
}

const SENTENCES: Readonly<Record<string, (event: Event) => string>> = {
  token_exchange: (event) => `${gotToken(event)} ${inWhoseName(event)}${why(event)}`,
  authorization_code: (event) => `${gotToken(event)}, as ${name(event['subject'])} signed in${why(event)}`,
  refresh_token: (event) => `${gotToken(event)}, for the session of ${name(event['subject'])}${why(event)}`,
  client_credentials: (event) => `${gotToken(event)} in its own name, on behalf of nobody${why(event)}`,
  login: ({ subject }) => `${name(subject)} signed in`,
  login_failed: ({ subject }) =>
    `somebody failed to sign in as ${subject === undefined ? 'nobody known' : name(subject)}`,
  consent: ({ clientId, subject, scopesGranted, outcome }) =>
    `${name(clientId)} may ${outcome === 'rejected' ? 'not ' : ''}have tokens of ${name(subject)}: ${list(scopesGranted)}`,
  consent_withdrawn: ({ clientId, subject }) => `${name(subject)} took all access from ${name(clientId)}`,
  logout: ({ subject }) => `${name(subject)} signed out`,
  introspection_refused: ({ clientId }) => `${name(clientId)} asked about a token that is none of its business`,
  revocation: ({ revokedTokenId, clientId, subject }) =>
    `${revokedTokenId === undefined ? 'the tokens of a grant were' : 'a token was'} revoked` +
    `${subject === undefined ? '' : ` that ${name(clientId)} had for ${name(subject)}`}`,
  key_change: ({ operation, keyId }) => `${KEY_STEPS[String(operation)] ?? String(operation)}: ${name(keyId)}`,
  registration_change: (event) => changeOf(event),
  refused_requests: ({ count, requested }) =>
    `${name(count)} more requests of unknown callers were refused: ${name(requested)}`,
  audit_chain_opened: () => 'a process began to write the trail',
  audit_archived: ({ count, file }) => `${name(count)} old records of the trail moved into the archive ${name(file)}`,
  audit_archive_lost: ({ operator, archive, statedReason }) =>
    `${name(operator)} acknowledged that the archive ${name(archive)} is lost: ${name(statedReason)}`,
  audit_gap_acknowledged: ({ operator, statedReason }) =>
    `${name(operator)} acknowledged that records of the trail are gone: ${name(statedReason)}`,
};

const KEY_STEPS: Readonly<Record<string, string>> = {
  begin: 'the first key of its algorithm signs',
  publish: 'a key was published',
  sign: 'a key began to sign',
  remove: 'a key was removed',
};

function gotToken({ outcome, clientId, targets }: Event): string {
  return `${name(clientId)} ${outcome === 'issued' ? 'got' : 'was refused'} a token for ${list(targets)}`;
}

// the subject of a client's own token is the client
function inWhoseName({ kind, subject, clientId, actors }: Event): string {
  if (subject === undefined) return 'on behalf of somebody unproven';
  if (kind === 'administrative') return `for ${actorOf(actors)}, who uses the account of ${name(subject)}`;
  if (kind === 'impersonation') return `as if it were ${name(subject)}`;
  const others = Array.isArray(actors) && actors.length > 1;
  return subject === clientId && !others ? 'in its own name, on behalf of nobody' : `on behalf of ${name(subject)}`;
}

function actorOf(actors: unknown): string {
  const [first] = Array.isArray(actors) ? (actors as readonly { readonly sub?: unknown }[]) : [];
  return name(first?.sub);
}

function why({ outcome, error, reason, rule }: Event): string {
  if (outcome === 'issued') return '';
  const told = reason ?? error;
  return rule === undefined ? `: ${name(told)}` : ` (${name(rule)}): ${name(told)}`;
}

/** Records that are older call the two members `kind` and `id`. */
function changeOf({ operator, operation, changed, registrationKind, registrationId, kind, id }: Event): string {
  const what = `${name(registrationKind ?? kind)} ${name(registrationId ?? id)}`;
  const members = Array.isArray(changed) && changed.length > 0 ? ` (${list(changed)})` : '';
  return `${name(operator)}: ${name(operation)} ${what}${members}`;
}

function list(values: unknown): string {
  return Array.isArray(values) && values.length > 0 ? values.map(name).join(', ') : 'nothing named';
}

function name(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
}
