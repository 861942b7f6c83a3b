import type { ClientConfig } from '../configuration/schema/server-config.schema.js';

/** A client of your own: what the configuration file says of one, and its secrets as hashes. */
export type OwnClient = Pick<ClientConfig, 'clientId'> &
  Partial<Omit<ClientConfig, 'clientId' | 'secret'>> & {
    /** SHA-256 of each secret that it may authenticate with, base64url, as `hashSecret` makes it. Secrets have 256 random bits. */
    readonly secretHashes?: readonly string[];
  };

/**
 * Your table of clients, which is read at the start and every 5 seconds; `OwnClients.read()` has it read at once. A client that is not
 * listed any more, or not enabled, is let in no more, and what it holds ends. The clients of the configuration file stay beside them;
 * what leads to operators stands there alone. While the table cannot be read those known stay; at the start the server does not start.
 */
export interface ClientsPort {
  /** All clients of the table. */
  list(): readonly OwnClient[] | Promise<readonly OwnClient[]>;
}
