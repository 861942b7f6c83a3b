import { OAuthError, type OAuthErrorCode, type OAuthErrorDetail } from '@onbehalf/oauth-protocol';

/** A refused exchange. `rule` names the rule, or the stage before the rules, that refused. */
export class ExchangeRefusal extends OAuthError {
  constructor(
    readonly rule: string,
    code: OAuthErrorCode,
    description: string,
    detail: OAuthErrorDetail = {},
  ) {
    super(code, description, detail);
    this.name = 'ExchangeRefusal';
  }
}

/** The refusal that an error thrown in `stage` amounts to. What is not foreseen is the server's fault, not the client's. */
export function toRefusal(stage: string, error: unknown): ExchangeRefusal {
  if (error instanceof ExchangeRefusal) return error;
  if (error instanceof OAuthError) {
    const { code, description, reason, parameters, status, cause } = error;
    return new ExchangeRefusal(stage, code, description, { reason, parameters, status, cause });
  }
  const reason = error instanceof Error ? error.name : typeof error;
  return new ExchangeRefusal(stage, 'server_error', 'The request could not be processed', { reason, cause: error });
}

/** Does the work; what it throws is a refusal of this stage. */
export function atStage<T>(stage: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toRefusal(stage, error);
  }
}
