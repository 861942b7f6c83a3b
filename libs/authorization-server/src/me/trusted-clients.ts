import { directAudiences } from '../configuration/clients/direct-access.js';
import { ME_AUDIENCE } from '../configuration/own/me-audience.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import type { Registrations } from '../registrations/registrations.js';

/**
 * The clients through which people see what is done on their behalf: those to which the file gives the audience. Whoever may change
 * registrations cannot add one, nor have the codes of one sent elsewhere.
 */
export class TrustedClients {
  readonly #inFile: ReadonlyMap<string, ServerConfig['clients'][number]>;
  readonly #registrations: Registrations;

  constructor(file: ServerConfig, registrations: Registrations) {
    const trusted = file.clients.filter((client) => directAudiences(client).includes(ME_AUDIENCE));
    this.#inFile = new Map(trusted.map((client) => [client.clientId, client]));
    this.#registrations = registrations;
  }

  has(clientId: string): boolean {
    const inFile = this.#inFile.get(clientId);
    const current = this.#registrations.current.config.clients.find((client) => client.clientId === clientId);
    if (!inFile || !current?.enabled || current.authentication !== inFile.authentication) return false;
    return current.redirectUris.every((uri) => inFile.redirectUris.includes(uri));
  }
}
