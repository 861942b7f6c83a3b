import { describe, expect, it } from '@jest/globals';
import { renderDocument } from '@onbehalf/html';
import type { Message, TokenView } from '../run/run.js';
import { toCurl } from './curl.js';
import { Inspector } from './inspector.js';
import { lanesOf } from './lanes.js';
import { diffClaims } from './token-diff.js';

const ATTACK = `"><img src=x onerror=alert(1)><script>alert(1)</script>'&`;

const token = (name: string, claims: Record<string, unknown>): TokenView => ({
  name,
  placeholder: '$TOKEN_A',
  header: { alg: ATTACK, [ATTACK]: ATTACK },
  claims,
});

const message = (more: Partial<Message>): Message => ({
  from: 'a',
  to: 'auth-server',
  what: 'exchange',
  startedAt: 0,
  duration: 1,
  ...more,
});

describe('the inspector', () => {
  it('shows names, reasons, scopes, client names, claims and header values as text, whoever they come from', () => {
    const record = {
      ...{
        at: ATTACK,
        outcome: ATTACK,
        client: ATTACK,
        subject: ATTACK,
        kind: ATTACK,
        actors: [ATTACK],
        targets: [ATTACK],
      },
      ...{
        scopesRequested: [ATTACK],
        scopesGranted: [ATTACK],
        statedReason: ATTACK,
        receipt: ATTACK,
        sentence: ATTACK,
      },
      refusal: { rule: ATTACK, error: ATTACK, reason: ATTACK },
      decision: {
        edges: [ATTACK],
        steps: [{ rule: ATTACK, before: { scopes: [ATTACK] }, after: { scopes: [ATTACK] } }],
      },
    };
    const attacked = message({
      ...{
        from: ATTACK,
        to: ATTACK,
        what: ATTACK,
        note: ATTACK,
        failure: ATTACK,
        record,
        presented: ATTACK,
        issued: 'B',
      },
      request: { method: ATTACK, url: ATTACK, headers: [[ATTACK, ATTACK]], form: [[ATTACK, ATTACK]] },
      answer: { status: 200, headers: [[ATTACK, ATTACK]], body: ATTACK },
    });
    const tokens = [token(ATTACK, { [ATTACK]: ATTACK }), token('B', { [ATTACK]: { act: ATTACK }, sub: ATTACK })];
    const page = renderDocument(Inspector({ track: { title: ATTACK, messages: [attacked] }, tokens }));
    expect(page).not.toMatch(/<(img|script)/);
    expect(page.match(/&lt;img/g)?.length).toBeGreaterThan(30);
  });

  it('has the five lanes of the flow in their order, and others before auth-server', () => {
    const messages = [
      message({ from: 'lab-1', to: 'auth-server' }),
      message({ from: 'browser', to: 'client-app' }),
      message({ from: 'user-service', to: 'message-service' }),
    ];
    expect(lanesOf(messages)).toEqual([
      'browser',
      'client-app',
      'user-service',
      'lab-1',
      'auth-server',
      'message-service',
    ]);
  });
});

describe('the difference between two tokens', () => {
  it.each([
    ['the same', 'a', 'a', 'kept'],
    ['fewer scopes', 'a b', 'a', 'narrowed'],
    ['fewer entries', ['a', 'b'], ['b'], 'narrowed'],
    ['other scopes', 'a b', 'c', 'replaced'],
    ['one that is new', undefined, 'a', 'added'],
    ['one that is gone', 'a', undefined, 'removed'],
    ['an actor more', { sub: 'a' }, { sub: 'b', act: { sub: 'a' } }, 'replaced'],
  ])('%s', (_case, before, after, change) => {
    const claims = (value: unknown): Record<string, unknown> => (value === undefined ? {} : { claim: value });
    expect(diffClaims(claims(before), claims(after)).map((each) => each.change)).toEqual([change]);
  });

  it('does not speak of what every token has of its own', () => {
    expect(
      diffClaims({ iat: 1, exp: 2, jti: 'a' }, { iat: 2, exp: 3, jti: 'b', sub: 'c' }).map(({ name }) => name),
    ).toEqual(['sub']);
  });
});

describe('a command for the terminal', () => {
  it('has variables where tokens and secrets were, and lets the shell read nothing else', () => {
    const text = toCurl({
      method: 'POST',
      url: 'http://localhost:9001/oauth2/token',
      headers: [['Authorization', 'Basic lab-1:$SECRET']],
      form: [
        ['subject_token', '$TOKEN_A'],
        ['reason', '$(rm -rf /) `id` "x" \\ $HOME'],
      ],
    });
    expect(text).toBe(
      [
        'curl -si "http://localhost:9001/oauth2/token"',
        '-u "lab-1:$SECRET"',
        '--data-urlencode "subject_token=$TOKEN_A"',
        '--data-urlencode "reason=\\$(rm -rf /) \\`id\\` \\"x\\" \\\\ \\$HOME"',
      ].join(' \\\n  '),
    );
  });
});
