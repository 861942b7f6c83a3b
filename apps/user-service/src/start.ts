import 'reflect-metadata';
import { startApp } from '@onbehalf/service-host';
import { userService } from './user-service.js';

await startApp(userService);
