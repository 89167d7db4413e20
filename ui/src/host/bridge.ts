// The development bridge: the same commands over HTTP, the same streams as server-sent events.
import type { Host } from './types';

export function bridgeHost(): Host {
  const query = new URLSearchParams(location.search);
  // With the development server the token is added on the way and none is known here.
  const token = query.get('token') ?? '';
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token) headers['authorization'] = `Bearer ${token}`;

  // A browser opens six connections to one host and each stream keeps one: what changes slowly is asked for instead.
  const polled: Record<string, { command: string; message: (answer: never) => unknown }> = {
    host: { command: 'host_stats', message: (stats) => ({ kind: 'host', stats }) },
    runs: { command: 'list_runs', message: ({ runs }: { runs: unknown }) => ({ kind: 'runs', runs }) },
    library: { command: 'list_images', message: () => ({ kind: 'library', generation: 0 }) },
  };
  function poll(topic: string, onMessage: (message: unknown) => void): () => void {
    const { command, message } = polled[topic]!;
    let before = '';
    const ask = async () => {
      const answer = await bridge.call(command, {}).catch(() => undefined);
      const text = JSON.stringify(answer);
      if (answer && text !== before) onMessage(message(answer as never));
      before = text;
    };
    const timer = setInterval(() => void ask(), 1500);
    void ask();
    return () => clearInterval(timer);
  }

  const bridge: Host = {
    kind: 'bridge',
    async call(name, request) {
      const response = await fetch(`/call/${name}`, { method: 'POST', headers, body: JSON.stringify(request ?? {}) });
      const text = await response.text();
      let body: unknown;
      try {
        body = text === '' ? null : JSON.parse(text);
      } catch {
        body = { code: 'bridge', title: text || response.statusText };
      }
      if (!response.ok) throw body;
      return body;
    },
    subscribe(topic, since, onMessage) {
      if (topic in polled) return poll(topic, onMessage);
      let source: EventSource | undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let open = true;
      const connect = () => {
        const address = new URL(`/subscribe/${topic}`, location.origin);
        address.searchParams.set('since', String(since()));
        if (token) address.searchParams.set('token', token);
        source = new EventSource(address);
        source.onmessage = (event) => {
          const message: unknown = JSON.parse(event.data as string);
          if (!open) return;
          onMessage(message);
          // After its end a stream is not asked for again.
          if ((message as { kind?: string }).kind === 'end') source?.close();
        };
        source.onerror = () => {
          source?.close();
          if (open) timer = setTimeout(connect, 500);
        };
      };
      connect();
      return () => {
        open = false;
        clearTimeout(timer);
        source?.close();
      };
    },
    painted() {},
    startPath: () => Promise.resolve(query.get('open')),
    onOpen() {},
    guard() {},
    onClose() {},
    close() {},
    stay() {},
    // A browser has a zoom of its own.
    zoom() {},
    title(text) {
      document.title = text;
    },
  };
  return bridge;
}
