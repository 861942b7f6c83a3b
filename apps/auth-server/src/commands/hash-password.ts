import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { hashPassword } from '@onbehalf/authorization-server';

const HELP = `Prints the hash of a password, for passwordHash in the configuration file.

  hash-password

It asks for the password, or reads one line from the standard input. Nx hands on what is typed, not what is piped in; so
in a script: node apps/auth-server/dist/commands/hash-password.js < file

Exit codes: 0 when the hash is printed, 2 when there was no password.`;

/** How long a password may take that is piped in; Nx leaves the pipe open and says nothing. Milliseconds. */
const PIPED_WITHIN = 5_000;

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
  if (values.help) stdout.write(`${HELP}\n`);
  else await print();
} catch (error) {
  fail((error as Error).message.split('\n', 1)[0]!);
}

async function print(): Promise<void> {
  const prompt = createInterface({ input: stdin, output: process.stderr });
  const end = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
  const late = stdin.isTTY ? undefined : setTimeout(() => fail('no password was piped in; see --help'), PIPED_WITHIN);
  const password = await Promise.race([prompt.question(stdin.isTTY ? 'Password: ' : ''), end]);
  clearTimeout(late);
  prompt.close();
  if (password === '') fail('the password is empty; type one, or pipe one in');
  stdout.write(`${await hashPassword(password)}\n`);
}

function fail(reason: string): never {
  process.stderr.write(`hash-password: ${reason}\n`);
  process.exit(2);
}
