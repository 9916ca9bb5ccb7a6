import type { BenchCase } from '../../../core/bench/case.ts';
import { decodeCase, PLAYER_SAMPLE } from '../messages.ts';

const pbcDecode: BenchCase = decodeCase('pbc-decode', PLAYER_SAMPLE);
export default pbcDecode;
