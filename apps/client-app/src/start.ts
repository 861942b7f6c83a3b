import 'reflect-metadata';
import { startApp } from '@onbehalf/service-host';
import { clientApp } from './client-app.js';

await startApp(clientApp);
