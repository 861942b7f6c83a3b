import type { Case } from './case.ts';
import { downstream } from './downstream.ts';
import { exchange } from './exchange.ts';
import { flatness } from './flatness.ts';
import { guard } from './guard.ts';
import { install } from './install.ts';
import { memory } from './memory.ts';
import { page } from './page.ts';
import { postgres } from './postgres.ts';
import { start } from './start.ts';

/** Every case, the most telling ones first. */
export const CASES: readonly Case[] = [exchange, postgres, guard, downstream, page, flatness, memory, start, install];
