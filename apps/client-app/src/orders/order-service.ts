import type { DynamicModule } from '@nestjs/common';
import { authenticationOf } from '@onbehalf/service-host';
import { TokenExchangeModule } from '@onbehalf/token-exchange-client';
import { z } from 'zod';
import type { Settings } from '../settings.js';

/** The name for `@InjectDownstream`. */
export const ORDER_SERVICE = 'order-service';

/** What order-service answers. */
export const ordersAnswer = z.object({
  user: z.string(),
  orders: z.array(z.object({ number: z.string(), item: z.string() })).max(1000),
  askedBy: z.array(z.string()).max(20),
});

export type OrdersAnswer = z.output<typeof ordersAnswer>;

/** order-service, which belongs to another company: it is called with tokens of that company's authorization server alone. */
export function orderServiceModules({ issuer, tokenEndpoint, client, partner }: Settings): DynamicModule[] {
  return [
    TokenExchangeModule.forRoot({
      issuer,
      ...(tokenEndpoint !== undefined && { tokenEndpoint }),
      clientAuthentication: authenticationOf(client),
      // whoever gives an http address to this app has decided it
      allowInsecureHttp: true,
    }),
    TokenExchangeModule.forFeature([
      {
        name: ORDER_SERVICE,
        baseUrl: partner.orderServiceUrl,
        across: {
          kind: 'id-jag',
          audience: partner.issuer,
          resource: partner.orderServiceResource,
          scope: 'order.read',
          clientAuthentication: {
            method: 'client_secret_basic',
            clientId: partner.clientId,
            clientSecret: partner.clientSecret,
          },
          ...(partner.tokenEndpoint !== undefined && { tokenEndpoint: partner.tokenEndpoint }),
        },
      },
    ]),
  ];
}
