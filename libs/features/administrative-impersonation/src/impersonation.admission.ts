import type { Admission, Claim, IssuedToken, Permit, VerifiedExchange } from '@onbehalf/token-exchange';
import { ofEdge } from './administrative-impersonation.schema.js';
import { impersonationOf, type BegunImpersonation } from './impersonation.js';
import type { LiveImpersonations } from './live-impersonations.js';
import type { SecondPerson } from './second-person.js';

export interface ImpersonationAdmissionOptions {
  readonly live: LiveImpersonations;
  readonly secondPerson: SecondPerson;
  /** Is told of each that has begun, once it is on record. */
  readonly onBegun: (impersonation: BegunImpersonation) => void;
}

/** One impersonation of an administrator at a time, and, where an edge says so, none that a second person has not confirmed. */
export class ImpersonationAdmission implements Admission {
  readonly name = 'impersonation-admission';
  readonly #options: ImpersonationAdmissionOptions;

  constructor(options: ImpersonationAdmissionOptions) {
    this.#options = options;
  }

  async judge(permit: Permit, exchange: VerifiedExchange): Promise<void> {
    const impersonation = impersonationOf(permit, exchange);
    if (impersonation) await this.#options.live.refuseSecond(impersonation.administrator);
  }

  async admit(permit: Permit, exchange: VerifiedExchange): Promise<Claim | undefined> {
    const impersonation = impersonationOf(permit, exchange);
    if (!impersonation) return undefined;
    const { live, secondPerson, onBegun } = this.#options;
    await live.refuseSecond(impersonation.administrator);
    const needsSecond = exchange.targets.some(({ edge }) => ofEdge(edge).secondPerson);
    const giveBack = needsSecond ? await secondPerson.useConfirmation(impersonation) : () => Promise.resolve();
    try {
      await live.begin(impersonation);
    } catch (error) {
      await giveBack();
      throw error;
    }
    return {
      release: async () => {
        await live.end(impersonation);
        await giveBack();
      },
      settle: (_issued: IssuedToken) => Promise.resolve(onBegun(impersonation)),
    };
  }
}
