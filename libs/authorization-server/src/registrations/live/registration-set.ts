import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Life, Party, PartyKind, RegistrationKind, StoredRegistration } from '@onbehalf/authorization-ports';
import type {
  ClientConfig,
  EdgeConfig,
  ServerConfig,
  UserConfig,
} from '../../configuration/schema/server-config.schema.js';
import { hash, type StoredSecret } from '../documents/client-secrets.js';
import { entriesOf } from './file-entries.js';
import { Lives, partyOf } from './lives.js';
import type { Registration } from '../documents/registration.js';
import { RegistrationDocuments, type ClientDocument, type UserDocument } from '../documents/registration-documents.js';
import { readStored, type UnfitRegistration } from '../documents/read-stored.js';
import { idsOnTheWay, type IdsByKind } from './ways-to-operators.js';

/** Stands where the provider wants a secret; nothing is ever equal to it. */
const NO_SECRET = randomUUID();

/** A user, and the life that it leads. */
export type RegisteredUser = UserConfig & {
  readonly life?: number | undefined;
  /** When the life before ended, seconds since the epoch. */
  readonly since?: number | undefined;
  /** Its password is of another life. */
  readonly outdated?: boolean;
};

/**
 * Everything that is registered at one moment: the file, and in place of its entries what the store has of the same id. Of what
 * leads to the resource of operators the file alone tells, whatever was stored before it did: what is stored only shuts out.
 */
export class RegistrationSet {
  /**
   * The configuration with these registrations. A client's `secret` in it says only that it has one, and enabled is only who
   * leads a life, where lives are given.
   */
  readonly config: ServerConfig & { readonly users: readonly RegisteredUser[] };
  /** What leads to the resource of operators, in the file or in the store. */
  readonly onTheWay: IdsByKind;
  /** What is stored of that and does not count. */
  readonly overruled: readonly Pick<Registration, 'kind' | 'id'>[];
  /** What is stored and no version of now would store, with the reason: nobody is let in by it, nor by the file in its place. */
  readonly unfit: readonly UnfitRegistration[];
  /** What a newer version has stored: what this replica knew of it goes on. */
  readonly newer: readonly ConfigurationError[];
  readonly #entries: ReadonlyMap<string, Registration>;
  readonly #inFile: ReadonlyMap<string, Registration>;
  readonly #stored: ReadonlyMap<string, StoredRegistration>;
  readonly lives: Lives;
  readonly #isLetIn: (party: Registration) => boolean;
  readonly #secrets: ReadonlyMap<string, readonly StoredSecret[]>;

  constructor(
    file: ServerConfig,
    stored: readonly StoredRegistration[],
    documents = new RegistrationDocuments(),
    lives?: readonly Life[],
    known?: RegistrationSet,
  ) {
    const inFile = entriesOf(file);
    const knownOf = known && ((kind: RegistrationKind, id: string) => known.#entries.get(keyOf({ kind, id })));
    const { fit: inStore, unfit, newer } = readStored(stored, documents, knownOf);
    this.unfit = unfit;
    this.newer = newer;
    this.#inFile = new Map(inFile.map((entry) => [keyOf(entry), entry]));
    this.#stored = new Map(stored.map((entry) => [keyOf(entry), entry]));
    const entries = new Map(inFile.map((entry) => [keyOf(entry), entry]));
    for (const entry of unfit) entries.delete(keyOf(entry));
    this.onTheWay = idsOnTheWay(toConfig([...inFile, ...inStore]));
    const counting = inStore.map((entry) =>
      this.onTheWay[entry.kind].has(entry.id) ? shutOut(entry, entries.get(keyOf(entry))) : entry,
    );
    this.overruled = inStore.filter(({ document }, i) => !isDeepStrictEqual(document, counting[i]!.document));
    for (const entry of counting) entries.set(keyOf(entry), entry);
    this.#entries = entries;
    this.lives = new Lives(lives ?? []);
    this.#isLetIn = ({ kind, id, document }) =>
      document['enabled'] === true && (!lives || this.lives.of(kind as PartyKind, id) !== undefined);
    this.#secrets = new Map(this.list('client').map(({ id, document }) => [id, secretsOf(file, id, document)]));
    this.config = {
      ...file,
      clients: this.list('client').map((client) => ({
        ...toClient(client),
        enabled: this.#isLetIn(client),
        consent: consentOf(
          client,
          inFile.find(({ kind, id }) => kind === 'client' && id === client.id),
        ),
      })),
      resources: this.list('resource').map(({ id, document }) => ({ ...document, audience: id })),
      users: this.list('user').map((user) => this.#toUser(user)),
      edges: this.list('edge').map(({ id, document }) => ({ ...document, id })),
    } as RegistrationSet['config'];
  }

  list(kind: RegistrationKind): Registration[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === kind);
  }

  find(kind: RegistrationKind, id: string): Registration | undefined {
    return this.#entries.get(keyOf({ kind, id })) ?? this.unfit.find((entry) => entry.kind === kind && entry.id === id);
  }

  /** What the file says under this id, whether that counts or not. */
  inFile(kind: RegistrationKind, id: string): Registration | undefined {
    return this.#inFile.get(keyOf({ kind, id }));
  }

  /** What is stored under this id as it stands there, with whatever other versions have written. */
  inStore(kind: RegistrationKind, id: string): StoredRegistration | undefined {
    return this.#stored.get(keyOf({ kind, id }));
  }

  /** A client or user as far as its life goes. */
  party(kind: PartyKind, id: string): Party {
    return partyOf(kind, id, this.find(kind, id));
  }

  /** All clients and users. */
  parties(): Party[] {
    return (['client', 'user'] as const).flatMap((kind) => this.list(kind).map(({ id }) => this.party(kind, id)));
  }

  /** Whether all who are enabled lead a life. */
  get settled(): boolean {
    return this.parties().every(({ kind, id, enabled }) => !enabled || this.lives.of(kind, id) !== undefined);
  }

  /** The secrets of a client, as hashes. */
  secrets(clientId: string): readonly StoredSecret[] {
    return this.#secrets.get(clientId) ?? [];
  }

  #toUser(user: Registration): RegisteredUser {
    const { id, document } = user;
    return {
      ...(document as UserDocument),
      username: id,
      enabled: this.#isLetIn(user),
      life: this.lives.of('user', id),
      since: this.lives.since('user', id),
      outdated: !this.lives.isCurrent(this.party('user', id)),
    };
  }
}

/**
 * What the file says of an entry, shut out where the store shuts it out; what stands in the store alone is. Of what is stored,
 * secrets count that a command has made where the server runs.
 */
function shutOut(stored: Registration, inFile: Registration | undefined): Registration {
  if (stored.kind === 'resource') return { ...stored, document: (inFile ?? stored).document };
  const enabled = inFile?.document['enabled'] === true && stored.document['enabled'] === true;
  const { secrets = [], fileSecretExpiresAt } = stored.document as Partial<ClientDocument>;
  const byCommand = secrets.filter((secret) => secret.byCommand);
  const ofCommand = byCommand.length > 0 ? { secrets: byCommand, fileSecretExpiresAt } : {};
  return { ...stored, document: { ...(inFile ?? stored).document, ...ofCommand, enabled } };
}

/** All entries as a configuration, with several of one id where there are. */
function toConfig(entries: readonly Registration[]): Pick<ServerConfig, 'clients' | 'resources' | 'users' | 'edges'> {
  const named = (kind: RegistrationKind, key: string): object[] =>
    entries.flatMap((entry) => (entry.kind === kind ? [{ ...entry.document, [key]: entry.id }] : []));
  return {
    clients: named('client', 'clientId') as ClientConfig[],
    resources: named('resource', 'audience') as ServerConfig['resources'],
    users: named('user', 'username') as UserConfig[],
    edges: named('edge', 'id') as EdgeConfig[],
  };
}

const keyOf = ({ kind, id }: { kind: string; id: string }): string => JSON.stringify([kind, id]);

function toClient({ id, document }: Registration): ClientConfig {
  const { authentication } = document as ClientDocument;
  const secret = authentication.startsWith('client_secret_') ? NO_SECRET : undefined;
  return { ...(document as ClientDocument), clientId: id, secret };
}

/** The file alone lets a client pass without its users, and says who is the operator's own. */
function consentOf({ document }: Registration, inFile: Registration | undefined): ClientConfig['consent'] {
  const [stored, file] = [document, inFile?.document].map((each) => each?.['consent'] as ClientConfig['consent']);
  const allowed = stored === 'skip' && file !== 'skip' ? undefined : stored;
  return allowed ?? (inFile ? file : 'remember');
}

function secretsOf(file: ServerConfig, id: string, document: Registration['document']): readonly StoredSecret[] {
  const { secrets, fileSecretExpiresAt: expiresAt } = document as ClientDocument;
  const inFile = file.clients.find(({ clientId }) => clientId === id)?.secret;
  return inFile === undefined ? secrets : [...secrets, { hash: hash(inFile), expiresAt }];
}
