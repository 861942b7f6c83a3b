import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { runCommand, takeName } from './run-command.js';

describe('the command line', () => {
  const { argv, exitCode } = process;
  afterEach(() => {
    Object.assign(process, { argv, exitCode });
    jest.restoreAllMocks();
  });

  it.each([
    [['--out'], '--out is missing'],
    [['--out', '--dry-run'], '--out is missing'],
    [['--archive', 'a', '--archive'], '--archive is missing'],
    [['--out='], undefined],
    [['--', '--out'], undefined],
    [['xxout'], undefined],
  ])('takes no option without its value: %j', async (written, message) => {
    const told: string[] = [];
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
    process.argv = ['node', 'command', ...written];
    const work = jest.fn(() => Promise.resolve(0));
    await runCommand({ name: 'do', help: '', options: ['out'], lists: ['archive'], flags: ['dry-run'] }, work);
    expect(told).toEqual(message === undefined ? [] : [expect.stringMatching(new RegExp(`^do: ${message}; .*\\n$`))]);
    expect({ calls: work.mock.calls.length, code: process.exitCode }).toEqual(
      message === undefined ? { calls: 1, code: 0 } : { calls: 0, code: 2 },
    );
  });

  it.each([
    [['backup', '--out', 'a'], 'backup', ['--out', 'a']],
    [['--help'], '', ['--help']],
    [[], '', []],
  ])('takes a name, and no option in its place: %j', (written, name, left) => {
    process.argv = ['node', 'command', ...written];
    expect(takeName()).toBe(name);
    expect(process.argv.slice(2)).toEqual(left);
  });
});
