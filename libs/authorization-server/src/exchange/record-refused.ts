import type { Clock } from '@onbehalf/oauth-protocol';
import { omittedOf, recordableList, type AuditSink } from '@onbehalf/token-exchange';
import { UNAUTHENTICATED } from '../audit/audit-event.js';
import { claimedTrace } from '../audit/claimed-trace.js';
import type { RefusedRequest } from '../endpoint/grant.js';

/** Records a request that does not reach the engine: a client that does not authenticate, a proof that is wrong. Does not throw. */
export async function recordRefused(
  { clientId, workload, form, refusal }: RefusedRequest,
  { sink, clock }: { readonly sink: AuditSink; readonly clock: Clock },
): Promise<void> {
  const targets = [...form.getAll('audience'), ...form.getAll('resource')].filter(Boolean);
  const omitted = omittedOf({ targets: { all: targets.length, recorded: recordableList(targets).length } });
  const event = {
    type: 'token_exchange' as const,
    outcome: refusal.status >= 500 ? ('failed' as const) : ('rejected' as const),
    time: clock(),
    // what an unauthenticated caller claims to be proves nothing
    clientId: clientId ?? UNAUTHENTICATED,
    ...(workload !== undefined && { workload }),
    targets: recordableList(targets),
    ...(omitted && { omitted }),
    rule: 'endpoint',
    error: refusal.code,
    reason: refusal.description,
    ...claimedTrace(),
  };
  // the refusal stands, recorded or not: nothing leaves by it
  await sink.record(event).catch(() => undefined);
}
