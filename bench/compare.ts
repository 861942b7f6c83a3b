/**
 * `npm run bench:compare -- BASE [HEAD] [--pairs 30] [--requests 800] [--warmup 60000] [--at-most 1.03]`: what an exchange costs at one
 * commit as a multiple of what it costs at another, both running at once and measured in turns. Ends with 1 when the upper end of the
 * median's 95 % interval is more than told.
 */
import { parseArgs } from 'node:util';
import { buildTree, type BuiltTree } from './built-tree.ts';
import { target } from './cases/exchange.ts';
import { measureInTurns, medianCpu, ratios, type Variant } from './measure.ts';
import { Stage } from './processes.ts';
import { exchangeVariant } from './requests.ts';
import { SCALES } from './scale.ts';
import { median, medianInterval } from './statistics.ts';
import { Keys } from './tokens.ts';

/**
 * Exchanges before the first is measured. After those of a case the compiler still works on what is reached less often: more code keeps it
 * busy for longer, and that is no part of what an exchange costs.
 */
const WARMUP = 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '30' },
    requests: { type: 'string', default: String(SCALES.full.requests) },
    warmup: { type: 'string', default: String(WARMUP) },
    'at-most': { type: 'string', default: '1.03' },
  },
});
const [base, head = 'HEAD'] = positionals;
if (base === undefined) {
  console.error('bench:compare: which commit is it compared with? accepted: BASE [HEAD]');
  process.exit(1);
}
const scale = {
  ...SCALES.full,
  rounds: Number(values.pairs),
  requests: Number(values.requests),
  warmup: Number(values.warmup),
};
const stage = new Stage(await Keys.generate());
try {
  const trees = [await buildTree(base), await buildTree(head)];
  const variants = [];
  for (const tree of trees) variants.push(await variantOf(tree));
  const [before, after] = await measureInTurns(variants, scale);
  const pairs = ratios(after!, before!);
  const [lower, upper] = medianInterval(pairs);
  console.log(`\n${pairs.length} pairs of ${scale.requests} exchanges, SQLite file, audit on`);
  for (const each of [before!, after!]) console.log(`${each.name}  ${medianCpu(each).toFixed(0)} µs of CPU`);
  const interval = `95 % interval ${lower.toFixed(3)} to ${upper.toFixed(3)}`;
  console.log(
    `${after!.name} / ${before!.name}: median ${median(pairs).toFixed(3)}, ${interval}; at most ${values['at-most']}`,
  );
  process.exitCode = upper <= Number(values['at-most']) ? 0 : 1;
} finally {
  await stage.close();
}

async function variantOf(tree: BuiltTree): Promise<Variant> {
  const server = await stage.authServer({ tree });
  return exchangeVariant(target(stage, server, tree.commit));
}
