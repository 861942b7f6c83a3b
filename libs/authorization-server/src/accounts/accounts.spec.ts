import { beforeAll, describe, expect, it } from '@jest/globals';
import { Accounts } from './accounts.js';
import { hashPassword } from './password.js';

describe('accounts', () => {
  let accounts: Accounts;

  beforeAll(async () => {
    const passwordHash = await hashPassword('pässword');
    const user = { passwordHash, enabled: true, protected: false };
    accounts = new Accounts([
      { ...user, username: 'baeldung' },
      { ...user, username: 'former', enabled: false },
    ]);
  });

  it.each([
    ['the right password', 'baeldung', 'pässword', true],
    ['the same password in another Unicode form', 'baeldung', 'pa\u0308ssword', true],
    ['a wrong password', 'baeldung', 'password', false],
    ['an empty password', 'baeldung', '', false],
    ['an unknown user', 'stranger', 'pässword', false],
    ['a disabled user', 'former', 'pässword', false],
    ['a name of the prototype', '__proto__', 'pässword', false],
  ])('%s', async (_, username, password, expected) => {
    expect((await accounts.authenticate(username, password)) !== undefined).toBe(expected);
  });

  it('takes as long for unknown names as for those of users, whatever their hashes cost', async () => {
    const cheap = `scrypt$16384$8$1$${'x'.repeat(22)}$${'x'.repeat(43)}`;
    const dear = `scrypt$65536$8$4$${'x'.repeat(22)}$${'x'.repeat(43)}`;
    const user = { enabled: true, protected: false };
    const names = ['ann', 'bob', 'cid', 'dan'];
    const of = (passwordHash: string) => new Accounts(names.map((username) => ({ ...user, username, passwordHash })));
    const time = async (some: Accounts, username: string): Promise<number> => {
      const began = process.cpuUsage();
      await some.authenticate(username, 'wrong');
      const { user, system } = process.cpuUsage(began);
      return user + system;
    };
    // one costs 16 times as much as the other
    expect((await time(of(dear), 'stranger')) / (await time(of(cheap), 'stranger'))).toBeGreaterThan(4);
  });

  it('has no user, and refuses all the same', async () => {
    expect(await new Accounts([]).authenticate('baeldung', 'password')).toBeUndefined();
  });

  it('salts every hash', async () => {
    expect(await hashPassword('password')).not.toBe(await hashPassword('password'));
  });
});
