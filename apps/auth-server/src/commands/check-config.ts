import { parseArgs } from 'node:util';
import { readServerConfig, writtenOut } from '@onbehalf/authorization-server';
import { environment as settings } from '../environment.js';
import { features } from '../features.js';

const HELP = `Checks the configuration without starting the server: every mistake with its file, line and setting.

  check-config [<file or folder>] [--issuer <url>] [--print]

It is AUTH_SERVER_CONFIG unless told. Secrets need not be there: something fitting stands in for variables that are not set.
With --issuer it is judged as for that address, where nothing that ships with the project is accepted. With --print it is written
out as one file of YAML, without templates and defaults; \${NAME} stays as it is, and secrets are hidden.

What is accepted and had better be otherwise is told as a warning.

Exit codes: 0 when it is accepted, 1 when it has mistakes, 2 when the command was not understood.`;

const NOT_UNDERSTOOD = 2;

try {
  const options = { issuer: { type: 'string' }, print: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  if (values.help) process.stdout.write(`${HELP}\n`);
  else if (positionals.length > 1) throw new Error('one file or folder; see --help');
  else check(positionals[0] ?? process.env['AUTH_SERVER_CONFIG'], values);
} catch (error) {
  tell([(error as Error).message.split('\n', 1)[0]!], NOT_UNDERSTOOD);
}

function check(given: string | undefined, { issuer, print }: { issuer?: string; print?: boolean }): void {
  const file = settings.shape.AUTH_SERVER_CONFIG.parse(given || undefined);
  const onWarning = ({ message }: Error): void => tell([`warning: ${message}`], 0);
  const context = { withoutSecrets: true, sections: features.all, onWarning };
  try {
    // a file may refer to the address that it is judged for
    const environment = issuer ? { ...process.env, ISSUER: issuer } : process.env;
    readServerConfig(file, environment, { ...context, ...(issuer && { issuer }) });
    process.stdout.write(print ? writtenOut(file) : `${file} is accepted\n`);
  } catch (error) {
    const mistakes = error instanceof AggregateError ? (error.errors as Error[]) : [error as Error];
    tell(
      mistakes.map(({ message }) => message),
      1,
    );
  }
}

function tell(lines: readonly string[], exitCode: number): void {
  for (const line of lines) process.stderr.write(`check-config: ${line}\n`);
  process.exitCode = exitCode;
}
