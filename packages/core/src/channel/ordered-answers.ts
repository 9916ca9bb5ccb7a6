import { type Answer, Expected, type Waiter } from './answer.ts';

/** Reads one answer from a source. */
export type AnswerReader<Source> = (source: Source) => Answer | PromiseLike<Answer>;

/**
 * The answers of one connection where they come in the order of the requests. Each is read by the function that its
 * request has brought along.
 */
export class OrderedAnswers<Source> {
  #expected: Expected<AnswerReader<Source>>[] = [];
  /** Where the first one stands; those before it are done. */
  #first = 0;
  #reading = false;

  /** Answers to come, also those that nobody waits for any more. */
  get size(): number {
    return this.#expected.length - this.#first;
  }

  /** Whether {@link read} is under way. */
  get reading(): boolean {
    return this.#reading;
  }

  /** One more answer, behind those before. */
  expect(reader: AnswerReader<Source>, waiter: Waiter): Expected<AnswerReader<Source>> {
    const expected = new Expected(reader, waiter);
    this.#expected.push(expected);
    return expected;
  }

  /**
   * Reads answers until none is to come.
   * @throws what a reader throws: where the next answer begins is unknown then. The answer it was for is still expected.
   */
  async read(source: Source): Promise<void> {
    this.#reading = true;
    try {
      for (let next = this.#expected[this.#first]; next !== undefined; next = this.#expected[this.#first]) {
        const answer = await next.key(source);
        // All may have been given up meanwhile.
        if (next === this.#expected[this.#first] && next.take(answer)) this.#remove();
      }
    } finally {
      this.#reading = false;
    }
  }

  #remove(): void {
    this.#first++;
    if (this.#first < 1024 && this.#first < this.#expected.length) return;
    this.#expected = this.#expected.slice(this.#first);
    this.#first = 0;
  }

  /** None of them comes: the first fails with one error, the others with one each. */
  fail(first: () => unknown, others: () => unknown = first): void {
    const failing = this.#expected.slice(this.#first);
    this.#expected = [];
    this.#first = 0;
    for (const [index, each] of failing.entries()) each.fail(index === 0 ? first() : others());
  }
}
