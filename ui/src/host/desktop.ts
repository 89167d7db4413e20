// The desktop shell: one command, one stream. The only file that knows Tauri.
import { Channel, invoke } from '@tauri-apps/api/core';
import type { Host } from './types';

export function desktopHost(): Host {
  return {
    kind: 'desktop',
    call: (name, request) => invoke('call', { name, request: request ?? {} }),
    subscribe(topic, since, onMessage) {
      const channel = new Channel<unknown>();
      let open = true;
      let stream: number | undefined;
      channel.onmessage = (message) => {
        if (open) onMessage(message);
      };
      void invoke<number>('subscribe', { topic, since: since(), channel }).then((id) => {
        if (open) stream = id;
        else void invoke('call', { name: 'shell_unsubscribe', request: { stream: id } });
      });
      return () => {
        open = false;
        if (stream !== undefined) void invoke('call', { name: 'shell_unsubscribe', request: { stream } });
      };
    },
    painted() {
      void invoke('call', { name: 'shell_painted', request: {} });
    },
    async startPath() {
      const answer = await invoke<{ path: string | null }>('call', { name: 'shell_start', request: {} });
      return answer.path;
    },
    guard(on) {
      void invoke('call', { name: 'shell_guard', request: { on } });
    },
    onClose(asked) {
      const channel = new Channel<{ kind: string }>();
      channel.onmessage = (message) => {
        if (message.kind === 'close') asked();
      };
      void invoke('subscribe', { topic: 'shell', since: 0, channel });
    },
    close() {
      void invoke('call', { name: 'shell_close', request: {} });
    },
    stay() {
      void invoke('call', { name: 'shell_stay', request: {} });
    },
    onOpen(open) {
      const channel = new Channel<{ kind: string; path: string | null }>();
      channel.onmessage = (message) => {
        if (message.path) open(message.path);
      };
      void invoke('subscribe', { topic: 'shell', since: 0, channel });
    },
    zoom(factor) {
      void invoke('call', { name: 'shell_zoom', request: { factor } });
    },
    title(text) {
      void invoke('call', { name: 'shell_title', request: { title: text } });
    },
  };
}
