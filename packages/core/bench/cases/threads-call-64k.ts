import { byteCalls } from '../byte-calls.ts';

export default byteCalls('threads-call-64k', 65_536, 200);
