import { Body, Header, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { changingSteps, TokenExchange, type ExchangePolicy, type Explanation } from '@onbehalf/token-exchange';
import { EXCHANGE_POLICY } from '../ports/injection-tokens.js';
import { badRequest } from '../protocol/bad-request.js';
import { ServerController } from '../pages/server-controller.decorator.js';

/** Answers what an exchange would come to, and why, without issuing anything. For operators. */
@ServerController('admin/exchange')
@UseGuards(AccessTokenGuard)
export class ExplainController {
  constructor(
    private readonly exchange: TokenExchange,
    @Inject(EXCHANGE_POLICY) private readonly policy: ExchangePolicy,
  ) {}

  /**
   * Takes the parameters of an exchange request (RFC 8693 §2.1) as a form or as JSON, with `client_id` for the client that
   * would send it, `dpop_jkt` for the key whose proof it would hold, and `steps=all` to hear of rules that changed nothing, too.
   */
  @Post('explain')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @Scopes('exchange.explain')
  async explain(@Body() body: unknown): Promise<Explanation> {
    const form = toForm(body);
    const clientId = form.get('client_id') ?? '';
    const registration = this.policy.client(clientId);
    if (!registration) throw badRequest('client_id must name a registered client');
    const jkt = form.get('dpop_jkt') ?? undefined;
    const explanation = await this.exchange.explain(form, registration, { proof: { jkt } });
    return form.get('steps') === 'all' ? explanation : withoutIdleSteps(explanation);
  }
}

/** Without the rules that changed nothing. */
function withoutIdleSteps(explanation: Explanation): Explanation {
  return { ...explanation, steps: changingSteps(explanation.steps) };
}

function toForm(body: unknown): URLSearchParams {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('a form or a JSON object is expected');
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(body)) {
    for (const value of [values as unknown].flat()) {
      if (typeof value !== 'string') throw badRequest(`${name} must be a string or a list of strings`);
      form.append(name, value);
    }
  }
  return form;
}
