import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { ClientConfig, ServerConfig } from '../schema/server-config.schema.js';

type Workload = NonNullable<ClientConfig['workload']>;

/** Whether a subject is the one that is registered, or differs in the last segment alone, where that is open. */
export function isSubject(registered: string, subject: string): boolean {
  if (!registered.endsWith('*')) return subject === registered;
  const prefix = registered.slice(0, -1);
  return subject.startsWith(prefix) && /^[^:/*]+$/.test(subject.slice(prefix.length));
}

/** The workload is one that a trusted issuer tells of, and is no other client. */
export function* workloadMistakes(
  { clients, trustedIssuers }: ServerConfig,
  client: ClientConfig,
  path: string,
): Generator<ConfigurationError> {
  const { workload } = client;
  if (workload === undefined) return;
  const { issuer, subject, audience } = workload;
  const known = trustedIssuers.filter(({ usages }) => usages.includes('workload')).map((trusted) => trusted.issuer);
  if (!known.includes(issuer)) {
    const accepted = known.join(', ') || 'a trusted issuer of the usage workload';
    yield new ConfigurationError(`${path}.workload.issuer`, issuer, accepted);
  }
  // the API server of a cluster is known by the name of its issuer: what is for it, every workload has
  if (audience === issuer) {
    yield new ConfigurationError(`${path}.workload.audience`, audience, 'an audience that is not the issuer itself');
  }
  const other = clients.find((each) => each !== client && each.workload && overlap(each.workload, workload));
  if (!other) return;
  const accepted = `a subject that is not also that of the client ${other.clientId}`;
  yield new ConfigurationError(`${path}.workload.subject`, subject, accepted);
}

/** The only open segment is the last, so that of two patterns with something in common one is within the other. */
function overlap(one: Workload, other: Workload): boolean {
  if (one.issuer !== other.issuer) return false;
  return (
    one.subject === other.subject || isSubject(one.subject, other.subject) || isSubject(other.subject, one.subject)
  );
}
