import 'reflect-metadata';
import { startApp } from '@onbehalf/service-host';
import { orderService } from './order-service.js';

await startApp(orderService);
