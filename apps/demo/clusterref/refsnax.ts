/** The snax service `refsnax`: its methods in the order of its script, which gives them their numbers. */
const METHODS = [
  'accept.put',
  'response.get',
  'response.add',
  'response.echo',
  'response.fail',
  'response.slow',
];

/** Number of the first method of a snax service. */
const FIRST = 5;

export const REFSNAX = {
  idOf(method: string): number {
    const at = METHODS.indexOf(method);
    if (at < 0) throw new Error(`refsnax has no ${method}`);
    return FIRST + at;
  },
  methodOf: (id: number): string | undefined => METHODS[id - FIRST],
};
