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
  const password = await (stdin.isTTY ? typedPassword() : pipedPassword());
  if (password === '') fail('the password is empty; type one, or pipe one in');
  stdout.write(`${await hashPassword(password)}\n`);
}

async function typedPassword(): Promise<string> {
  const prompt = createInterface({ input: stdin, output: process.stderr });
  const end = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
  const password = await Promise.race([prompt.question('Password: '), end]);
  prompt.close();
  return password;
}

/** One line, whether it ends or not. */
async function pipedPassword(): Promise<string> {
  const late = setTimeout(() => fail('no password was piped in; see --help'), PIPED_WITHIN);
  let text = '';
  for await (const chunk of stdin.setEncoding('utf8')) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  clearTimeout(late);
  return text.split(/\r?\n/, 1)[0]!;
}

function fail(reason: string): never {
  process.stderr.write(`hash-password: ${reason}\n`);
  process.exit(2);
}
