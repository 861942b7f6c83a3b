import { Inject } from '@nestjs/common';
import { connectionToken, downstreamToken } from './token-exchange.constants.js';

/** Injects the {@link DownstreamClient} that `TokenExchangeModule.forFeature` registered under this name. */
export function InjectDownstream(name: string): PropertyDecorator & ParameterDecorator {
  return Inject(downstreamToken(name));
}

/** Injects the {@link TokenExchangeService} of a connection, as `TokenExchangeModule.forRoot({ connection, … })` names it. */
export function InjectTokenExchange(connection?: string): PropertyDecorator & ParameterDecorator {
  return Inject(connectionToken(connection));
}
