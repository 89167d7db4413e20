// Typed commands and streams of the product, whatever host carries them.
import { currentHost } from '../host';
import type { CommandName, Commands, StreamMessage, WireError } from './types';

export type * from './types';

export type RequestOf<K extends CommandName> = Commands[K]['request'];
export type ResponseOf<K extends CommandName> = Commands[K]['response'];

/** Brings anything thrown into the wire's shape of a failure. */
export function asWireError(thrown: unknown, command = ''): WireError {
  const value = typeof thrown === 'string' ? parse(thrown) : thrown;
  if (value && typeof value === 'object' && 'title' in value) {
    const wire = value as Partial<WireError>;
    return {
      code: wire.code ?? 'unknown',
      kind: wire.kind ?? 'internal',
      title: String(wire.title),
      causes: wire.causes ?? [],
      hints: wire.hints ?? [],
      span: wire.span ?? null,
      log_tail: wire.log_tail ?? [],
    };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: 'unreachable',
    kind: 'internal',
    title: command ? `${command}: ${message}` : message,
    causes: [],
    hints: [],
    span: null,
    log_tail: [],
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Runs a command; throws a `WireError`. */
export async function call<K extends CommandName>(name: K, request: RequestOf<K>): Promise<ResponseOf<K>> {
  try {
    const host = await currentHost();
    return (await host.call(name, request)) as ResponseOf<K>;
  } catch (thrown) {
    throw asWireError(thrown, name);
  }
}

/** Follows a topic. The returned function stops it, also before it has begun. */
export function subscribe(
  topic: string,
  onMessage: (message: StreamMessage) => void,
  since: () => number = () => 0,
): () => void {
  let stop: (() => void) | undefined;
  let open = true;
  void currentHost().then((host) => {
    if (open) stop = host.subscribe(topic, since, (message) => onMessage(message as StreamMessage));
  });
  return () => {
    open = false;
    stop?.();
  };
}
