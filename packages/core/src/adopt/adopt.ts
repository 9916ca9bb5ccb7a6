import { kernelOf } from '../actor/context.ts';
import type { ServiceKernel } from '../contracts/kernel.ts';
import type { Skynet } from '../contracts/skynet.ts';
import { type ErrorCode, isSkynetError, SkynetError } from '../errors.ts';
import { atCaller } from '../stack.ts';
import { adoptIterable } from './iterable.ts';
import { TurnListeners } from './turn-listeners.ts';

/** Methods of event emitters: their listeners run in the service's turn. */
const LISTENING = [
  'on',
  'once',
  'off',
  'addListener',
  'removeListener',
  'prependListener',
  'prependOnceListener',
] as const;
/** Fields of a library's error that go along as details. */
const DETAILS = ['code', 'errno', 'sqlState', 'sqlMessage', 'statusCode'] as const;

/** How a client is adopted. */
export interface AdoptOptions<Client> {
  /**
   * Closes the client when the service ends; may return a promise, which is waited for when the node stops, at most
   * `shutdownTimeout`.
   */
  close(client: Client): unknown;
  /** Methods besides those of event emitters whose functions are callbacks to be run in the service's turn: `subscribe`. */
  callbacks?: readonly string[];
  /** Code of the errors that promises are rejected with. Default `ERR_LIBRARY`. */
  code?: ErrorCode;
}

/**
 * Gives a library's client the manners of a service. Methods that return promises go through `skynet.await`, so that the
 * task goes on in its turn; listeners run in the service's turn, and what they throw is logged in its name; `for await`
 * over what the client gives takes its steps in the turn; objects that methods return (a connection of a pool, a pipeline,
 * a collection) are adopted alike. The client is closed when the service ends, however it ends. Errors of the client
 * become errors with a code: the library's error is the cause, its own code in `details.code`. An `error` event that
 * nobody listens for is logged.
 *
 * Functions given to other methods than those of event emitters are left as they are, since their results may matter.
 * @returns the client as the service uses it, of the same type.
 */
export function adopt<Client extends object>(
  skynet: Skynet,
  client: Client,
  options: AdoptOptions<Client>,
): Client {
  const kernel = kernelOf(skynet);
  kernel.own(() => options.close(client));
  if (isEmitter(client)) {
    client.on('error', (error) => {
      if (kernel.alive && client.listenerCount('error') === 1)
        kernel.reportError(client.constructor.name, error);
    });
  }
  return new Adoption(skynet, kernel, options).of(client);
}

type AnyFunction = (...args: unknown[]) => unknown;

/** What one client and all that comes from it have in common. */
class Adoption {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #listeners: TurnListeners;
  readonly #listening: ReadonlySet<PropertyKey>;
  readonly #code: ErrorCode;
  readonly #adopted = new WeakMap<object, object>();
  readonly #originals = new WeakMap<object, object>();

  constructor(
    skynet: Skynet,
    kernel: ServiceKernel,
    { callbacks = [], code = 'ERR_LIBRARY' }: { callbacks?: readonly string[]; code?: ErrorCode },
  ) {
    this.#skynet = skynet;
    this.#kernel = kernel;
    this.#listeners = new TurnListeners(kernel);
    this.#listening = new Set([...LISTENING, ...callbacks]);
    this.#code = code;
  }

  /** An object as the service sees it; always the same for the same. */
  of<Given extends object>(original: Given): Given {
    const known = this.#adopted.get(original);
    if (known !== undefined) return known as Given;
    const methods = new WeakMap<object, AnyFunction>();
    const adopted = new Proxy(original, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function' || key === 'constructor' || isFixed(target, key)) return value;
        if (key === Symbol.asyncIterator)
          return () => adoptIterable(this.#skynet, target as AsyncIterable<unknown>);
        let method = methods.get(value);
        if (method === undefined) {
          method = this.#method(target, key, value as AnyFunction);
          methods.set(value, method);
        }
        return method;
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
    this.#adopted.set(original, adopted);
    this.#originals.set(adopted, original);
    return adopted;
  }

  #method(target: object, key: PropertyKey, method: AnyFunction): AnyFunction {
    const isListening = this.#listening.has(key);
    return (...args) => {
      if (!this.#kernel.alive)
        throw new SkynetError('ERR_SERVICE_ENDED', `${this.#skynet.name} has ended, and its client with it`);
      const given = args.map((arg) =>
        typeof arg === 'function'
          ? isListening
            ? this.#listeners.inTurn(arg as AnyFunction)
            : arg
          : (this.#originals.get(arg as object) ?? arg),
      );
      return this.#result(
        target,
        this.#guarded(() => method.apply(target, given)),
      );
    };
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw atCaller(this.#coded(error));
    }
  }

  #result(target: object, result: unknown): unknown {
    if (result === target) return this.of(target);
    if (!isObject(result)) return result;
    if (typeof (result as { then?: unknown }).then === 'function')
      return this.#awaited(result as Promise<unknown>);
    return this.#isPart(result) ? this.of(result) : result;
  }

  async #awaited(promise: PromiseLike<unknown>): Promise<unknown> {
    let value: unknown;
    try {
      value = await this.#skynet.await(promise);
    } catch (error) {
      throw atCaller(this.#coded(error));
    }
    return isObject(value) && this.#isPart(value) ? this.of(value) : value;
  }

  /** Whether something that a method gave is a part of the client, and no plain data. */
  #isPart(value: object): boolean {
    return (
      isEmitter(value) ||
      Symbol.asyncIterator in value ||
      ['close', 'end', 'release', 'exec', 'collection', 'find'].some(
        (name) => typeof (value as Record<string, unknown>)[name] === 'function',
      )
    );
  }

  #coded(error: unknown): unknown {
    // Signals of the framework pass, and so do its errors.
    if (!(error instanceof Error) || isSkynetError(error)) return error;
    const details = Object.fromEntries(
      DETAILS.map((key) => [key, (error as unknown as Record<string, unknown>)[key]] as const).filter(
        ([, value]) => typeof value === 'string' || typeof value === 'number',
      ),
    );
    return new SkynetError<string>(this.#code, error.message, { cause: error, details });
  }
}

interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  listenerCount(event: string): number;
}

function isEmitter(value: object): value is Emitter {
  const { on, listenerCount } = value as Partial<Emitter>;
  return typeof on === 'function' && typeof listenerCount === 'function';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A proxy must show what cannot be changed as it is. */
function isFixed(target: object, key: PropertyKey): boolean {
  const own = Reflect.getOwnPropertyDescriptor(target, key);
  return own !== undefined && own.configurable === false && own.writable === false;
}
