import { describe, expect, it } from '@jest/globals';
import { MalformedClaim } from './actor.js';
import { AI_AGENT, involvesAgent, parseAgentMark, parseProfile } from './agent-mark.js';

describe('involvesAgent', () => {
  it.each<[string, Parameters<typeof involvesAgent>[0], boolean]>([
    ['nobody', { actors: [] }, false],
    ['a service', { actors: [{ sub: 'a', sub_profile: 'service' }] }, false],
    ['a token that is marked, whoever acts', { marked: true, actors: [{ sub: 'a' }] }, true],
    ['an agent that acts now', { actors: [{ sub: 'a', sub_profile: AI_AGENT }] }, true],
    ['an agent that acted first', { actors: [{ sub: 'b' }, { sub: 'a', sub_profile: AI_AGENT }] }, true],
    ['an agent that is the subject', { subProfile: AI_AGENT, actors: [{ sub: 'b' }] }, true],
    ['an agent that is something else, too', { actors: [{ sub: 'a', sub_profile: 'service ai_agent' }] }, true],
    ['a name that only begins so', { actors: [{ sub: 'a', sub_profile: 'ai_agent_keeper' }] }, false],
  ])('is told of %s', (_who, parties, expected) => {
    expect(involvesAgent(parties)).toBe(expected);
  });
});

describe('parseAgentMark', () => {
  it('is true or absent', () => {
    expect([parseAgentMark(true), parseAgentMark(undefined)]).toEqual([true, false]);
  });

  it.each([[false], ['true'], [null], [1], [{}]])('refuses %j', (value) => {
    expect(() => parseAgentMark(value)).toThrow(MalformedClaim);
  });
});

describe('parseProfile', () => {
  it('reads a text, and nothing where there is none', () => {
    expect([parseProfile(AI_AGENT), parseProfile(undefined)]).toEqual([AI_AGENT, undefined]);
  });

  it.each([[1], [''], [null], [[AI_AGENT]]])('refuses %j', (value) => {
    expect(() => parseProfile(value)).toThrow(MalformedClaim);
  });
});
