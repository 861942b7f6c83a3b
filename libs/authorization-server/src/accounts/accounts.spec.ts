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

  it('salts every hash', async () => {
    expect(await hashPassword('password')).not.toBe(await hashPassword('password'));
  });
});
