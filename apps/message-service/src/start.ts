import 'reflect-metadata';
import { startApp } from '@onbehalf/service-host';
import { messageService } from './message-service.js';

await startApp(messageService);
