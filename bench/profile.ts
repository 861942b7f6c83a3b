/**
 * `npm run bench:profile -- [exchange | guard | guard-cached | downstream | downstream-fixed] [requests]`: where the process of
 * interest, as it was built last, spends its time, by package and by function; for `downstream`, a request is ten calls. The
 * profile itself stays in `bench/var/`, to be opened in the developer tools of a browser.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../tools/system.ts';
import { downstreamVariants } from './cases/downstream.ts';
import { target } from './cases/exchange.ts';
import { route } from './cases/guard.ts';
import { drive, type Variant } from './measure.ts';
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

/** What can be profiled; the options make the process of interest write its profile. */
const SUBJECTS: Readonly<Record<string, (stage: Stage, settings: Settings) => Promise<Variant>>> = {
  exchange: async (stage, settings) => exchangeVariant(target(stage, await stage.authServer({ settings }), 'exchange')),
  guard: (stage, settings) => route(stage, 'guarded', { guard: 'on', settings }),
  'guard-cached': (stage, settings) => route(stage, 'guarded, verified-token cache', { guard: 'cached', settings }),
  downstream: async (stage, settings) => (await downstreamVariants(stage, settings)).exchanged,
  'downstream-fixed': async (stage, settings) => (await downstreamVariants(stage, settings)).fixed,
};

const SHOWN = 30;
const [subject = 'exchange', count] = process.argv.slice(2);
const requests = Number(count ?? 10_000);
const start = SUBJECTS[subject];
if (!start || !(requests > 0)) {
  console.error(`profile [${Object.keys(SUBJECTS).join(' | ')}] [requests]`);
  process.exit(1);
}
const folder = fileURLToPath(new URL('var/profile', import.meta.url));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const stage = new Stage(await Keys.generate());
try {
  const variant = await start(stage, { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` });
  await drive(variant, requests, 16);
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
  console.log(`\n${title}, µs per request (the start of the process included)`);
  for (const [name, time] of times.slice(0, SHOWN)) {
    const [micros, share] = [(time * 1000) / requests, (time / total) * 100];
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
