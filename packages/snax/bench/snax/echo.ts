import { defineSnax } from '@skynet/snax';

/** What the measurements call. */
export default defineSnax(() => ({ response: { echo: (value: unknown) => value } }));
