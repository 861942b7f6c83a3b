import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { referenceMistakes } from '../../configuration/checks/check-references.js';
import type { ConfigSection } from '../../configuration/schema/config-section.js';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import type { Operator } from '../changes/change-event.js';
import {
  changedSettings,
  fileChanges,
  reloadEvent,
  toFileChange,
  withoutRestart,
  type FileChange,
  type ReloadedFile,
} from './file-changes.js';
import type { Registrations } from '../live/registrations.js';

/** The configuration file and its secrets, read again. */
export interface ReadAgain {
  readonly config: ServerConfig;
  /** Settings beside the file that a start would read otherwise by now, such as ports. */
  readonly needsRestart?: readonly string[];
  /** What else was read, and counts together with the file. */
  readonly beside?: Beside;
}

/** What was read beside the file, such as signing keys, and checked. */
export interface Beside {
  /** The settings of which something else was read than what is in force. */
  readonly changed: readonly string[];
  /** Puts it in force. Must neither wait nor throw: no request may see the one without the other. */
  readonly putInForce: () => void;
}

/** What a reload has come to. */
export interface Reload {
  /** The registrations of which the file says something else. */
  readonly changed: readonly FileChange[];
  /** What else is otherwise and counts: other members of the file, such as `trustedIssuers`, and settings whose files were read again. */
  readonly settings: readonly string[];
  /** What is otherwise and does not count before a restart: members of the file, and settings beside it. */
  readonly needsRestart: readonly string[];
}

/** What was read again is not accepted, and nothing has changed. */
export class ReloadRefused extends Error {
  constructor(
    /** Each with its file, line and setting, and without secrets. */
    readonly mistakes: readonly string[],
  ) {
    super('the configuration is not accepted, and nothing has changed');
    this.name = 'ReloadRefused';
  }
}

/** What a {@link ConfigurationReload} is made of. */
export interface ConfigurationReloadOptions {
  readonly registrations: Registrations;
  readonly sections: readonly ConfigSection[];
  /** @throws ConfigurationError, or an AggregateError of several */
  readonly readAgain: () => ReadAgain | Promise<ReadAgain>;
  /** Is told what counts now, and who has asked for it; `undefined` for another replica. */
  readonly onReloaded: (reload: Reload, by?: Operator) => void;
  /** As {@link onReloaded}, for what changed nothing. */
  readonly onRefused: (mistakes: readonly string[], by?: Operator) => void;
}

/**
 * Reads the configuration file and its secrets again while the server runs, and puts them in force as a whole, or not at all. All
 * replicas then read theirs. Inject it to do so for an event of the application.
 */
export class ConfigurationReload {
  readonly #options: ConfigurationReloadOptions;
  #last: Promise<unknown> = Promise.resolve();
  /** What the log has told last of a copy that cannot be put in force: it is looked at every few seconds. */
  #told = '';

  constructor(options: ConfigurationReloadOptions) {
    this.#options = options;
    options.registrations.onBehind(() => this.#alone(() => this.#catchUp()));
  }

  /**
   * Reads again, one at a time. Who has left the file has nothing left when this resolves, as after a restart.
   * @throws ReloadRefused with all mistakes, and the old configuration stays in force
   */
  reload(operator: Operator): Promise<Reload> {
    return this.#alone(async () => {
      const { registrations, onReloaded, onRefused } = this.#options;
      try {
        const { file, needsRestart, beside } = await this.#read();
        const before = registrations.file;
        const events = fileChanges(before, file, operator);
        const told = reloadEvent(before, file, operator, beside.changed);
        await registrations.replaceFile(file, [told, ...events], beside.putInForce);
        const settings = [...changedSettings(before, file), ...beside.changed];
        const reload = { changed: events.map(toFileChange), settings, needsRestart };
        onReloaded(reload, operator);
        return reload;
      } catch (error) {
        const mistakes = mistakesIn(error);
        onRefused(mistakes, operator);
        throw new ReloadRefused(mistakes);
      }
    });
  }

  /** Another replica has read its copy again, or has a newer one. */
  async #catchUp(): Promise<void> {
    const { registrations, onReloaded, onRefused } = this.#options;
    try {
      const { file, needsRestart, beside } = await this.#read();
      const before = registrations.file;
      const isOther = await registrations.catchUp(file, beside.putInForce);
      this.#told = '';
      if (!isOther && beside.changed.length === 0) return;
      const changed = fileChanges(before, file, NOBODY).map(toFileChange);
      onReloaded({ changed, settings: [...changedSettings(before, file), ...beside.changed], needsRestart });
    } catch (error) {
      const mistakes = mistakesIn(error);
      if (this.#told === mistakes.join('\n')) return;
      this.#told = mistakes.join('\n');
      onRefused(mistakes);
    }
  }

  async #read(): Promise<ReloadedFile & { readonly beside: Beside }> {
    const { registrations, sections, readAgain } = this.#options;
    const { config, needsRestart = [], beside = NOTHING } = await readAgain();
    const reloaded = withoutRestart(config, registrations.file);
    // what counts has to go together with what only a restart can change
    const mistakes = reloaded.needsRestart.length > 0 ? [...referenceMistakes(reloaded.file, 'file', sections)] : [];
    if (mistakes.length > 0) {
      const accepted = `a restart, because the rest of the file goes together with the new one only`;
      throw new AggregateError([
        ...mistakes,
        new ConfigurationError(reloaded.needsRestart.join(', '), 'new', accepted),
      ]);
    }
    return { ...reloaded, needsRestart: [...new Set([...reloaded.needsRestart, ...needsRestart])], beside };
  }

  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const running = this.#last.then(work);
    this.#last = running.catch(() => undefined);
    return running;
  }
}

const NOBODY: Operator = { subject: '', clientId: '' };
const NOTHING: Beside = { changed: [], putInForce: () => undefined };

/** @throws whatever is no mistake of the configuration */
function mistakesIn(error: unknown): string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(mistakesIn);
  // libraries that stand alone have errors of their own for this, of the same shape
  if (error instanceof Error && 'setting' in error && 'accepted' in error) return [error.message];
  throw error;
}
