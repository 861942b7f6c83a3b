import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How to get a browser, in a word. */
export const NO_BROWSER = "No browser found: install Debian's chromium, or set CHROMIUM_PATH to the program of one.";

/** The program of the browser; `undefined` when there is none. */
export function findChromium(): string | undefined {
  const given = process.env['CHROMIUM_PATH'];
  return [given ?? PLACES].flat().find((path) => existsSync(path));
}

/**
 * Starts a real browser with a profile of its own.
 * @throws Error that says how to get one, when there is none
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(NO_BROWSER);
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}
