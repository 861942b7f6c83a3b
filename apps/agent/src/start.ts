import 'reflect-metadata';
import { startApp } from '@onbehalf/service-host';
import { agent } from './agent.js';

await startApp(agent);
