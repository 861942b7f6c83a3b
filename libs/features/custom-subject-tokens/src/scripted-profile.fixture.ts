import { Injectable } from '@nestjs/common';
import {
  actor,
  denied,
  invalid,
  subject,
  SubjectTokenType,
  unavailable,
  type ActingParty,
  type Outcome,
  type ProfileRequest,
  type ProvisionedAccount,
  type SubjectStatement,
  type SubjectTokenProfile,
} from './index.js';

export const TYPE = 'urn:acme:params:oauth:token-type:legacy-session';
export const NAMESPACE = 'https://legacy.example';

/** Everything that a profile was asked, in order. */
export interface Asked {
  readonly token: string;
  readonly request: ProfileRequest;
}

const chain = (length: number): ActingParty | undefined =>
  length === 0
    ? undefined
    : actor({ sub: `agent-${length}`, iss: NAMESPACE, ...(length > 1 && { act: chain(length - 1)! }) });

/** What a careless profile might return. */
export const NONSENSE: Readonly<Record<string, (at: number) => unknown>> = {
  nothing: () => undefined,
  null: () => null,
  'a text': () => 'yes',
  'no outcome': () => ({}),
  'what throws when it is read': () =>
    Object.defineProperty({}, 'outcome', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    }),
  'a chain of actors that is a ring': (at) => {
    const ring: { sub: string; act?: unknown } = { sub: 'a' };
    ring.act = ring;
    return subject({ account: 'alice', expiresAt: at + 60, actor: ring as ActingParty });
  },
  'an outcome that nobody knows': () => ({ outcome: 'fine' }),
  'a subject without a statement': () => ({ outcome: 'subject' }),
  'a subject that is nobody': (at) => subject({ expiresAt: at + 60 } as SubjectStatement),
  'two subjects': (at) =>
    subject({
      account: 'alice',
      foreign: { iss: NAMESPACE, sub: 'x' },
      expiresAt: at + 60,
    } as unknown as SubjectStatement),
  'an empty account': (at) => subject({ account: '', expiresAt: at + 60 }),
  'a NUL in the account': (at) => subject({ account: 'alice\u0000', expiresAt: at + 60 }),
  'a list of accounts': (at) => subject({ account: ['alice'] as unknown as string, expiresAt: at + 60 }),
  'no end': () => subject({ account: 'alice' } as SubjectStatement),
  'an end in milliseconds': (at) => subject({ account: 'alice', expiresAt: at * 1000 }),
  'an end that is no number': () => subject({ account: 'alice', expiresAt: NaN }),
  'an end that never comes': () => subject({ account: 'alice', expiresAt: Infinity }),
  'a date': () => subject({ account: 'alice', expiresAt: new Date() as unknown as number }),
  'scopes in one text': (at) =>
    subject({ account: 'alice', expiresAt: at + 60, scopes: 'legacy.read' as unknown as string[] }),
  'a scope of two words': (at) => subject({ account: 'alice', expiresAt: at + 60, scopes: ['legacy.read admin'] }),
  'a sign-in in the future': (at) => subject({ account: 'alice', expiresAt: at + 60, authTime: at + 3600 }),
  'a target': (at) => subject({ account: 'alice', expiresAt: at + 60, audience: 'vault' } as SubjectStatement),
  'an actor that is a text': (at) =>
    subject({ account: 'alice', expiresAt: at + 60, actor: 'agent' as unknown as ActingParty }),
  'an actor without a name': (at) => subject({ account: 'alice', expiresAt: at + 60, actor: {} as ActingParty }),
  'more actors than any chain': (at) => subject({ account: 'alice', expiresAt: at + 60, actor: chain(17)! }),
};

/** Does what the token says. */
@Injectable()
@SubjectTokenType(TYPE)
export class ScriptedProfile implements SubjectTokenProfile {
  readonly asked: Asked[] = [];

  verify(token: string, request: ProfileRequest): Outcome | Promise<Outcome> {
    this.asked.push({ token, request });
    const { at } = request;
    const said = { expiresAt: at + 120, scopes: ['legacy.read'], authTime: at - 60, acr: 'urn:acme:pin', amr: ['pin'] };
    const [word = '', argument = ''] = token.split(' ');
    const nonsense = NONSENSE[token];
    if (nonsense) return nonsense(at) as Outcome;
    switch (word) {
      case 'good':
        return subject({ account: argument || 'alice', ...said });
      case 'plain':
        return Promise.resolve(subject({ account: 'alice', expiresAt: at + 120 }));
      case 'foreign':
        return subject({ foreign: { iss: argument || NAMESPACE, sub: 'zoe' }, ...said });
      case 'expired':
        return subject({ account: 'alice', ...said, expiresAt: at - 1 });
      case 'chain':
        return subject({ account: 'alice', ...said, actor: chain(Number(argument))! });
      case 'actor':
        return subject({ account: 'alice', ...said, actor: actor({ sub: argument }) });
      case 'elsewhere':
        return subject({ account: 'alice', ...said, actor: actor({ sub: 'x', iss: 'https://elsewhere.example' }) });
      case 'locked':
        return denied(`the account is "locked" — ${token}`);
      case 'down':
        return unavailable('the session table is away', 7);
      case 'throws':
        throw new Error(`cannot read ${token}`);
      case 'rejects':
        return Promise.reject(new TypeError(`cannot read ${token}`));
      case 'rejects-nothing':
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as careless code does
        return Promise.reject(undefined);
      case 'hangs':
        return new Promise(() => undefined);
      default:
        return invalid(`no session ${token}`);
    }
  }

  provision(account: string): ProvisionedAccount | undefined {
    if (account === 'admin client') return { name: 'x' };
    return account.startsWith('new-') ? { name: 'A new one', entitledScopes: ['message.read'] } : undefined;
  }
}
