// Short notes at the edge of the window: what just happened, with one way on.

export interface Toast {
  id: number;
  tone: 'success' | 'error' | 'info' | 'warning';
  text: string;
  action?: { text: string; run: () => void } | undefined;
}

let next = 1;
export const toasts: Toast[] = $state([]);

export function dismiss(id: number): void {
  const at = toasts.findIndex((toast) => toast.id === id);
  if (at >= 0) toasts.splice(at, 1);
}

export function toast(tone: Toast['tone'], text: string, action?: Toast['action']): void {
  const id = next++;
  toasts.push({ id, tone, text, action });
  if (toasts.length > 4) toasts.shift();
  setTimeout(() => dismiss(id), tone === 'error' ? 12_000 : 5_000);
}
