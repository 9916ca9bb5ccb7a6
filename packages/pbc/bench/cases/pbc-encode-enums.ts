import type { BenchCase } from '../../../core/bench/case.ts';
import { encodeCase, PERSON_SAMPLE } from '../messages.ts';

const pbcEncodeEnums: BenchCase = encodeCase('pbc-encode-enums', PERSON_SAMPLE);
export default pbcEncodeEnums;
