// A gate that returns every packet as it came: `npm run gateecho -- <port>`. For load from outside.
import { echoGate } from './gates.ts';
import { serve } from './serve.ts';

await serve('gateecho', echoGate);
