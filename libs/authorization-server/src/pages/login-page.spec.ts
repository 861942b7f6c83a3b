import { describe, expect, it } from '@jest/globals';
import { loginPage } from './login-page.js';
import { pagePolicy } from './page.js';

describe('the login page', () => {
  const hostile = '"><script>alert(1)</script>';

  it('escapes what it is given', () => {
    const text = loginPage({ action: `/login/${hostile}`, clientId: hostile, username: hostile, error: hostile });
    expect(text).not.toContain('<script>');
    expect(text).toContain('&lt;script>');
  });

  it('has labelled fields for user name and password and a submit button', () => {
    const text = loginPage({ action: '/login/1', clientId: 'client-app' });
    expect(text).toMatch(/<label for="username">.*<input\s+id="username"\s+name="username"/s);
    expect(text).toMatch(/<label for="password">.*<input\s+id="password"\s+name="password"\s+type="password"/s);
    expect(text).toContain('<button type="submit">');
  });

  it('keeps the user name after a wrong password and ties the message to the fields', () => {
    const text = loginPage({ action: '/login/1', clientId: 'client-app', username: 'baeldung', error: 'wrong' });
    expect(text).toContain('value="baeldung"');
    expect(text).toMatch(/<p class="error" id="error" role="alert">wrong<\/p>/);
    expect(text.match(/aria-describedby="error"/g)).toHaveLength(2);
  });

  it('allows no script, and forms for this server only', () => {
    const directives = pagePolicy().split('; ');
    expect(directives).toContain("default-src 'none'");
    expect(directives).toContain("form-action 'self'");
    expect(directives.join()).not.toContain('script-src');
  });
});
