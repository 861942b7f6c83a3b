import { BASE } from './base.js';
import { INSPECTOR } from './inspector.js';
import { LAB } from './lab.js';

/** The one stylesheet of the pages. */
export const STYLESHEET = BASE + INSPECTOR + LAB;
