/** The path of the health endpoints. */
export const HEALTH_PATH = '/health';
