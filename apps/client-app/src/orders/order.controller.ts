import { Controller, Get, Header, NotFoundException, Req } from '@nestjs/common';
import { TokenType } from '@onbehalf/oauth-protocol';
import { InjectDownstream, onBehalfOf, type DownstreamClient } from '@onbehalf/token-exchange-client';
import type { Request } from 'express';
import { AuthorizationServer } from '../authorization-server/authorization-server.js';
import { AccessTokens } from '../login/access-tokens.js';
import { LoginRequired } from '../login/login-required.js';
import { endTrial, failureOfLogin } from '../login/second-login.js';
import { visitorOf } from '../session/visitor.js';
import { failureOfOrders } from './failure-of-orders.js';
import { ORDER_SERVICE, ordersAnswer, type OrdersAnswer } from './order-service.js';
import { ordersPage } from './orders.page.js';

/** The orders of the signed-in user at another company. */
@Controller('orders')
export class OrderController {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly server: AuthorizationServer,
    @InjectDownstream(ORDER_SERVICE) private readonly orderService: DownstreamClient,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async orders(@Req() request: Request): Promise<string> {
    if (!(await this.#isPossible())) throw new NotFoundException();
    const token = await this.tokens.identity(request);
    const answer = await this.#fetch(request, token);
    const visitor = visitorOf(request);
    if (!visitor) throw new LoginRequired('The session has ended');
    return ordersPage(visitor, answer);
  }

  async #fetch(request: Request, token: string): Promise<OrdersAnswer> {
    try {
      const subject = { token, type: TokenType.IdToken };
      const answer = await onBehalfOf(subject, () => this.orderService.get('/orders', { schema: ordersAnswer }));
      endTrial(request);
      return answer;
    } catch (error) {
      const failure = failureOfOrders(error);
      throw failure instanceof LoginRequired
        ? (failureOfLogin(failure, request, 'Your orders cannot be fetched now') ?? failure)
        : failure;
    }
  }

  /** Whether the authorization server lets applications reach other domains. */
  async #isPossible(): Promise<boolean> {
    const metadata = (await this.server.configuration()).serverMetadata();
    const types = metadata['identity_chaining_requested_token_types_supported'];
    return Array.isArray(types) && types.includes(TokenType.IdJag);
  }
}
