import { explainReach } from './explain-reach.js';

/** Tells who can reach an audience by the configuration file alone; `--help` tells how. */
const { output, errors, exitCode } = explainReach(process.argv.slice(2), process.env);
if (output) process.stdout.write(`${output}\n`);
if (errors) process.stderr.write(`explain: ${errors}\n`);
process.exitCode = exitCode;
