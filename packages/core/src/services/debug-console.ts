import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
export const debugConsole: ServiceDefinition = defineService(() => {});
