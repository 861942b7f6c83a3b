/**
 * `node bench/profile.ts [exchanges]`: where the authorization server spends its time during exchanges, by package and by
 * function. The profile itself stays in `bench/var/`, to be opened in the developer tools of a browser.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { target } from './cases/exchange.ts';
import { drive } from './measure.ts';
import { Stage } from './processes.ts';
import { exchangeVariant } from './requests.ts';
import { Keys } from './tokens.ts';

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

const SHOWN = 30;
const exchanges = Number(process.argv[2] ?? 10_000);
const folder = fileURLToPath(new URL('var/profile', import.meta.url));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const stage = new Stage(await Keys.generate());
try {
  const server = await stage.authServer({ settings: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` } });
  await drive(exchangeVariant(target(stage, server, 'exchange')), exchanges, 16);
} finally {
  await stage.close();
}
const [file] = readdirSync(folder);
const profile = JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Profile;
show('By package', sum(profile, packageOf));
show('By function', sum(profile, describe));
process.exit();

/** Milliseconds of self time by what `name` makes of a call frame, the longest first. */
function sum({ nodes, samples, timeDeltas }: Profile, name: (frame: CallFrame) => string): [string, number][] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, name(callFrame)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const key = names.get(id)!;
    times.set(key, (times.get(key) ?? 0) + timeDeltas[index]! / 1000);
  }
  return [...times].filter(([key]) => !key.startsWith('(idle)')).sort(([, left], [, right]) => right - left);
}

function show(title: string, times: readonly (readonly [string, number])[]): void {
  const total = times.reduce((all, [, time]) => all + time, 0);
  console.log(`\n${title}, µs per exchange (the start of the server included)`);
  for (const [name, time] of times.slice(0, SHOWN)) {
    const [micros, share] = [(time * 1000) / exchanges, (time / total) * 100];
    console.log(`${micros.toFixed(1).padStart(8)} ${share.toFixed(1).padStart(5)} %  ${name}`);
  }
}

function packageOf({ url, functionName }: CallFrame): string {
  const [, installed] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  const [, own] = /\/((?:libs|apps)\/[^/]+)\//.exec(url) ?? [];
  if (url.startsWith('node:')) return url.split('/').slice(0, 3).join('/');
  return installed ?? own ?? (url === '' ? functionName || '(native)' : url);
}

function describe(frame: CallFrame): string {
  return `${frame.functionName || '(anonymous)'}  ${packageOf(frame)}:${frame.url.split('/').at(-1)}:${frame.lineNumber + 1}`;
}
