/** Where the health of an app is asked. */
export const HEALTH_PATH = '/health';
