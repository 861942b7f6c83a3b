/** `npm run screenshots`: takes the pictures of docs/images from the running system, after `npm run build`. */
import { mkdirSync, statSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import { root } from './generated.ts';
import { System } from './system.ts';

const FOLDER = `${root}docs/images/`;
/** Debian's, unless told. */
const { CHROMIUM_PATH: executablePath = '/usr/bin/chromium' } = process.env;
const VIEWPORT = { width: 1280, height: 900 };

interface Picture {
  readonly name: string;
  readonly path: string;
  /** What is done on the page before. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** The part of the page; all of the window unless told. */
  readonly part?: string;
}

const PICTURES: readonly Picture[] = [
  { name: 'start', path: '/' },
  {
    name: 'flow',
    path: '/api/user/message',
    part: 'section[aria-labelledby=flow]',
    prepare: async (page) => page.locator('.message').nth(2).locator('summary').first().click(),
  },
  {
    name: 'three-options',
    path: '/lab/cards/three-options',
    part: '.sides',
    prepare: async (page) => {
      await page.getByRole('button', { name: /^Run all three/ }).click();
      await page.locator('#result').waitFor();
    },
  },
];

mkdirSync(FOLDER, { recursive: true });
const system = await (await System.onFreePorts()).up();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light' });
  const base = system.url('client-app');
  await page.goto(`${base}/login?demo`);
  await page.getByLabel('Password').fill('password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${base}/`);
  for (const { name, path, part, prepare } of PICTURES) {
    await page.goto(base + path);
    await prepare?.(page);
    const file = `${FOLDER}${name}.png`;
    await (part === undefined ? page.screenshot({ path: file }) : page.locator(part).screenshot({ path: file }));
    console.log(`docs/images/${name}.png: ${Math.ceil(statSync(file).size / 1024)} KB`);
  }
} finally {
  await browser.close();
  await system.down();
}
