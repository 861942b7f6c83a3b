import {
  RegisteredPolicy,
  type ClientRegistration,
  type Edge,
  type ExchangePolicy,
  type ResourceRegistration,
} from '@onbehalf/token-exchange';
import type { ConfigSection } from '../configuration/schema/config-section.js';
import type { Registrations } from '../registrations/live/registrations.js';
import { toPolicyRegistrations } from './exchange-policy.js';

/** The exchange policy of the registrations in force. */
export class LivePolicy implements ExchangePolicy {
  readonly #registrations: Registrations;
  readonly #sections: readonly ConfigSection[];
  #policy: RegisteredPolicy;

  constructor(registrations: Registrations, sections: readonly ConfigSection[] = []) {
    this.#sections = sections;
    this.#registrations = registrations;
    this.#policy = this.#make();
    registrations.onChanged(() => (this.#policy = this.#make()));
  }

  /** As it is and stays, for what is to be judged by one policy from its beginning to its end. */
  get now(): ExchangePolicy {
    return this.#policy;
  }

  client(clientId: string): ClientRegistration | undefined {
    return this.#policy.client(clientId);
  }

  resource(nameOrUri: string): ResourceRegistration | undefined {
    return this.#policy.resource(nameOrUri);
  }

  edges(clientId: string, subjectAudiences: readonly string[], target: string): readonly Edge[] {
    return this.#policy.edges(clientId, subjectAudiences, target);
  }

  administrativeEdges(clientId: string, target: string): readonly Edge[] {
    return this.#policy.administrativeEdges(clientId, target);
  }

  #make(): RegisteredPolicy {
    return new RegisteredPolicy(toPolicyRegistrations(this.#registrations.current.config, this.#sections));
  }
}
