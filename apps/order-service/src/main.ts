import { holdSignals } from '@onbehalf/service-host/signals';

// first: what comes next takes a moment to load, in which a signal would end the process
holdSignals();
await import('./start.js');
