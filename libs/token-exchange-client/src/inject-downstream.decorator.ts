import { Inject } from '@nestjs/common';
import { downstreamToken } from './token-exchange.constants.js';

/** Injects the {@link DownstreamClient} that `TokenExchangeModule.forFeature` registered under this name. */
export function InjectDownstream(name: string): PropertyDecorator & ParameterDecorator {
  return Inject(downstreamToken(name));
}
