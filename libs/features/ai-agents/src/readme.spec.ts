import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { codeBlocks } from '@onbehalf/testing-internal';
import { parse } from 'yaml';
import { aiAgents } from './ai-agents.feature.js';

const [example = ''] = codeBlocks(readFileSync(new URL('../README.md', import.meta.url), 'utf8'), ['yaml']);
const drawn = (bytes: number) => randomBytes(bytes).toString('base64url');
const environment = { ASSISTANT_SECRET: drawn(32), ALICE_PASSWORD_HASH: `scrypt$16384$8$1$${drawn(12)}$${drawn(32)}` };

it('the configuration of the README is accepted as it stands there', () => {
  const { clients, edges } = parseServerConfig(parse(example), environment, { sections: [aiAgents] });
  expect(clients).toMatchObject([{ clientId: 'assistant', subProfile: 'ai_agent', owner: 'alice' }]);
  expect(edges).toMatchObject([{ client: 'assistant', actor: 'actor_token' }]);
});
