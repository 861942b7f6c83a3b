import { directAudiences } from '../configuration/clients/direct-access.js';
import { ME_AUDIENCE } from '../configuration/own/me-audience.js';
import type { Registrations } from '../registrations/live/registrations.js';

/**
 * The clients through which people see what is done on their behalf: those to which the file gives the audience. Whoever may change
 * registrations cannot add one, nor have the codes of one sent elsewhere.
 */
export class TrustedClients {
  readonly #registrations: Registrations;

  constructor(registrations: Registrations) {
    this.#registrations = registrations;
  }

  has(clientId: string): boolean {
    const inFile = this.#registrations.file.clients.find((client) => client.clientId === clientId);
    if (!inFile || !directAudiences(inFile).includes(ME_AUDIENCE)) return false;
    const current = this.#registrations.current.config.clients.find((client) => client.clientId === clientId);
    if (!current?.enabled || current.authentication !== inFile.authentication) return false;
    return current.redirectUris.every((uri) => inFile.redirectUris.includes(uri));
  }
}
