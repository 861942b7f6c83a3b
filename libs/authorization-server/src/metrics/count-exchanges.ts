import type { AuditSink, ExchangeAuditEvent, ExchangePolicy, TokenExchange } from '@onbehalf/token-exchange';
import type { ServerMetrics } from './server-metrics.js';

/** Stands for every name that is not registered: what callers send must not become a label. */
const UNKNOWN = 'unknown';

/** Counts the exchanges that are recorded; one whose record cannot be written has failed, whatever it would have been. */
export function countExchanges(sink: AuditSink, policy: ExchangePolicy, metrics: ServerMetrics): AuditSink {
  const count = ({ clientId, targets }: ExchangeAuditEvent, outcome: ExchangeAuditEvent['outcome']): void => {
    const client = policy.client(clientId)?.clientId ?? UNKNOWN;
    const names = targets.map((target) => policy.resource(target)?.audience ?? UNKNOWN);
    for (const target of new Set(names.length > 0 ? names : [UNKNOWN]))
      metrics.exchanges.inc({ client, target, outcome });
  };
  const counted = async <Result>(event: ExchangeAuditEvent, record: () => Promise<Result>): Promise<Result> => {
    try {
      const recorded = await record();
      if (recorded !== false) count(event, event.outcome);
      return recorded;
    } catch (error) {
      count(event, 'failed');
      throw error;
    }
  };
  return {
    record: (event) => counted(event, () => sink.record(event)),
    // a token that must not leave is recorded once more, as refused
    recordIssued: (event, issued) => counted(event, () => sink.recordIssued(event, issued)),
  };
}

type Exchange = Pick<TokenExchange, 'exchange' | 'parameters'>;

/** Measures how long exchanges take, refused ones apart from those that are granted. */
export function measureExchanges(engine: Exchange, metrics: ServerMetrics): Exchange {
  return {
    parameters: engine.parameters,
    exchange: async (...request) => {
      const stop = metrics.exchangeDuration.startTimer();
      try {
        const issued = await engine.exchange(...request);
        stop({ outcome: 'issued' });
        return issued;
      } catch (error) {
        stop({ outcome: 'refused' });
        throw error;
      }
    },
  };
}
