import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { hashPassword } from '@onbehalf/authorization-server';

/** Prints the hash of the password that it reads from standard input, for `passwordHash` in the configuration file. */
const prompt = createInterface({ input: stdin, output: process.stderr });
const password = await prompt.question(stdin.isTTY ? 'Password: ' : '');
prompt.close();
if (password === '') {
  process.stderr.write('hash-password: the password is empty; type one, or pipe one in\n');
  process.exit(1);
}
stdout.write(`${await hashPassword(password)}\n`);
