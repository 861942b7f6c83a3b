import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { basic, postForm } from '@onbehalf/testing-internal';
import { heading } from './browser-world.js';

/** Where the story takes place, and how its card is run. */
export interface AgentStage {
  readonly server: string;
  readonly app: string;
  readonly run: (page: Page) => Promise<void>;
  /** What axe finds on a page. */
  readonly faults: (page: Page) => Promise<readonly string[]>;
}

interface TreeNode {
  readonly record: { readonly event: { readonly clientId: string; readonly agent?: string; readonly traceId: string } };
  readonly children: readonly TreeNode[];
}

/** A user asks an agent that is not allowed anything yet, allows it, sees it act, and takes that back. */
export async function agentStory(page: Page, { server, app, run, faults }: AgentStage): Promise<void> {
  await run(page);
  expect(await page.locator('main').innerText()).toContain('The assistant was told no');
  await page.getByRole('link', { name: 'Let the assistant act' }).first().click();
  expect(await heading(page)).toBe('Let an agent act for you?');
  const asked = await page.locator('main').innerText();
  for (const told of ['assistant', 'support', 'baeldung', 'user-service']) expect(asked).toContain(told);
  expect(await faults(page)).toEqual([]);
  await page.getByLabel('For how long').selectOption('hour');
  await page.getByRole('button', { name: 'Allow' }).click();
  expect(await page.getByRole('status').innerText()).toContain('assistant may act for you');

  await run(page);
  const seen = await page.locator('.pairs').first().innerText();
  expect(seen).toContain('messages: Hello');
  expect(seen).toContain('user-service for assistant (ai_agent) for lab-1');
  await otherCompany(page, { app, server, run, faults });

  const trace = await page.locator('#result + p code').innerText();
  expect(chainOf(await treeOf(server, trace))).toEqual([
    'lab-1 -',
    'assistant assistant',
    'user-service assistant',
    'message-service assistant',
  ]);

  await page.goto(`${app}/lab/activity`);
  await page.getByRole('link', { name: 'AI agent assistant' }).first().click();
  const lines = await page.locator('.activity > li').allInnerTexts();
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(line).toContain('AI agent assistant');

  await page.goto(`${server}/account/consents`);
  expect(await faults(page)).toEqual([]);
  const entry = page.locator('.clients li').filter({ has: page.getByRole('heading', { name: 'assistant' }) });
  expect(await entry.innerText()).toMatch(/an AI agent that support answers for, until/);
  await entry.getByRole('button').click();
  expect(await page.getByRole('status').innerText()).toContain('assistant has no access any more');
  await run(page);
  expect(await page.locator('main').innerText()).toContain('The assistant was told no');
}

/** Another company is one more thing to allow; there the user has another name, and the agent its mark. */
async function otherCompany(page: Page, { run, faults }: AgentStage): Promise<void> {
  await page.getByRole('link', { name: 'Let the assistant act' }).click();
  expect(await page.locator('main').innerText()).toContain('order.read');
  expect(await faults(page)).toEqual([]);
  await page.getByLabel('For how long').selectOption('hour');
  await page.getByRole('button', { name: 'Allow' }).click();
  await run(page);
  const seen = await page.locator('main').innerText();
  expect(seen).toContain('orders: a book about tokens, a key ring');
  expect(seen).toContain('onbehalf-assistant for assistant (ai_agent) for lab-1');
}

/** What operators see of one trace: the exchanges, each below the one whose token it exchanged. */
async function treeOf(server: string, trace: string): Promise<readonly TreeNode[]> {
  const form = { grant_type: 'client_credentials', scope: 'audit.read' };
  const { body } = await postForm(`${server}/oauth2/token`, form, {
    authorization: basic('operator', 'operator-secret'),
  });
  const headers = { authorization: `Bearer ${String(body['access_token'])}` };
  const answer = await fetch(`${server}/admin/audit/traces/${trace}`, { headers });
  return ((await answer.json()) as { readonly exchanges: readonly TreeNode[] }).exchanges;
}

/** Who exchanged, from the user's token on, and which agent is on record for it. */
function chainOf(roots: readonly TreeNode[]): readonly string[] {
  const chain: string[] = [];
  const isAssistants = ({ record, children }: TreeNode): boolean =>
    record.event.clientId === 'assistant' || children.some(isAssistants);
  // what was refused has nothing below it
  const depth = ({ children }: TreeNode): number => 1 + Math.max(0, ...children.map(depth));
  const deepest = (nodes: readonly TreeNode[]) => nodes.toSorted((one, other) => depth(other) - depth(one))[0];
  for (let node = deepest(roots.filter(isAssistants)); node; node = deepest(node.children)) {
    const { clientId, agent = '-' } = node.record.event;
    chain.push(`${clientId} ${agent}`);
  }
  return chain;
}
