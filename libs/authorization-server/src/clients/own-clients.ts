import { Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { askPort } from '../ports/ask-port.js';
import type { ClientsPort } from '../ports/clients.js';
import { OutOfReach } from '../registrations/changes/out-of-reach.js';
import { VersionMismatch, type RegistrationChanges } from '../registrations/changes/registration-changes.js';
import type { RegistrationDocuments } from '../registrations/documents/registration-documents.js';
import type { Registrations } from '../registrations/live/registrations.js';
import { RepeatedWork } from '../time/repeated-work.js';

/** As the audit trail names it. */
const APPLICATION = { subject: 'clients', clientId: 'authorization-server' };
/** Seconds between two readings. */
const INTERVAL = 5;

const answer = z.array(z.looseObject({ clientId: z.string(), secretHashes: z.array(z.string()).default([]) }));
type Listed = z.infer<typeof answer>[number];

export interface OwnClientsOptions {
  readonly port: ClientsPort;
  readonly registrations: Registrations;
  readonly changes: Pick<RegistrationChanges, 'put' | 'remove'>;
  readonly documents: RegistrationDocuments;
}

/** The clients of the application, registered here as its table has them. */
export class OwnClients implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: OwnClientsOptions;
  readonly #following = new RepeatedWork(
    () => this.read(),
    (error) => this.#log.warn({ event: 'clients.not_read', reason: (error as Error).message }),
  );
  readonly #log = new Logger('AuthorizationServer');

  private constructor(options: OwnClientsOptions) {
    this.#options = options;
  }

  /** @throws PortUnavailable */
  static async open(options: OwnClientsOptions): Promise<OwnClients> {
    const clients = new OwnClients(options);
    await clients.read();
    return clients;
  }

  /** Called by Nest: from now on the table is read every 5 seconds. */
  onApplicationBootstrap(): void {
    this.#following.start(INTERVAL);
  }

  /** Called by Nest: reads the table no more, and waits for the reading that goes on. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#following.stop();
  }

  /**
   * Reads the clients now: those that are new are let in, and those that are gone are not.
   * @throws PortUnavailable when they cannot be read
   */
  async read(): Promise<void> {
    const { port, registrations } = this.#options;
    const listed = await askPort('clients.list', () => port.list(), answer);
    const taken = new Set<string>();
    for (const client of listed) if (await this.#take(client)) taken.add(client.clientId);
    for (const { id, version } of registrations.current.list('client')) {
      if (version > 0 && !taken.has(id) && !registrations.current.inFile('client', id)) await this.#leave(id);
    }
  }

  /** @returns whether the client is let in */
  async #take({ clientId, secretHashes, ...rest }: Listed): Promise<boolean> {
    const { registrations, documents } = this.#options;
    const { data, error } = documents.sent.client.safeParse(rest);
    const issue = error?.issues[0];
    if (issue) return this.#refuse(clientId, `${issue.path.join('.')}: ${issue.message}`);
    if (registrations.current.inFile('client', clientId)) return this.#refuse(clientId, 'the file has it');
    if (!data!.enabled) return false;
    const document = { ...data, secrets: secretHashes.map((hash) => ({ hash })) };
    for (;;) {
      try {
        await this.#register(clientId, document);
        return true;
      } catch (error) {
        // another replica was faster
        if (error instanceof VersionMismatch) continue;
        if (!(error instanceof OutOfReach || error instanceof ConfigurationError)) throw error;
        return this.#refuse(clientId, error.message);
      }
    }
  }

  async #register(id: string, document: object): Promise<void> {
    const { changes, registrations } = this.#options;
    const known = registrations.current.find('client', id);
    // operators have shut it out, whatever the application says
    if (known?.document['enabled'] === false) return;
    if (known && isDeepStrictEqual(withoutUndefined(known.document), withoutUndefined(document))) return;
    await changes.put('client', id, known?.version, document, APPLICATION);
  }

  async #leave(id: string): Promise<void> {
    const known = this.#options.registrations.current.find('client', id);
    if (!known || known.document['enabled'] === false) return;
    await this.#options.changes.remove('client', id, known.version, APPLICATION);
  }

  #refuse(clientId: string, reason: string): false {
    this.#log.warn({ event: 'clients.refused', clientId, reason }, 'the application has a client that cannot be');
    return false;
  }
}

function withoutUndefined(document: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}
