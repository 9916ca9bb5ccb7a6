import type { Curve } from '../../../core/bench/curve.ts';
import { userBytes } from '../msg-servers.ts';

const curve: Curve = {
  title: 'Memory of a user who is logged in',
  x: { label: 'users', values: [1000, 10_000, 100_000] },
  y: { label: 'resident bytes each' },
  series: { 'with an agent service': userBytes(true), 'without agent': userBytes(false) },
};
export default curve;
