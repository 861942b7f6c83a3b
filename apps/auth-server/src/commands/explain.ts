import { explainReach } from './explain-reach.js';

/** Tells who can reach an audience by the configuration file alone; `--help` tells how. */
const { output, errors, exitCode } = explainReach(process.argv.slice(2), process.env);
if (output) process.stdout.write(`${output}\n`);
for (const line of errors?.split('\n') ?? []) process.stderr.write(`explain: ${line}\n`);
process.exitCode = exitCode;
