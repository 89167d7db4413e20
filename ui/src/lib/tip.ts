// A word beside a control while the pointer rests on it or the keyboard has it.

let bubble: HTMLElement | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let warm = 0;

function hide(): void {
  clearTimeout(timer);
  if (bubble?.isConnected) {
    bubble.remove();
    warm = performance.now();
  }
}

function show(node: HTMLElement, text: string, side: 'below' | 'right'): void {
  bubble ??= Object.assign(document.createElement('div'), { className: 'tip' });
  bubble.setAttribute('role', 'presentation');
  bubble.textContent = text;
  (node.closest('dialog') ?? document.body).append(bubble);
  const box = node.getBoundingClientRect();
  const own = bubble.getBoundingClientRect();
  let left = side === 'right' ? box.right + 8 : box.left + box.width / 2 - own.width / 2;
  let top = side === 'right' ? box.top + box.height / 2 - own.height / 2 : box.bottom + 6;
  left = Math.max(6, Math.min(left, innerWidth - own.width - 6));
  if (top + own.height > innerHeight - 6) top = box.top - own.height - 6;
  bubble.style.left = `${Math.round(left)}px`;
  bubble.style.top = `${Math.round(top)}px`;
}

export type Tip = string | undefined | { text: string; side?: 'below' | 'right' };

export function tip(node: HTMLElement, value: Tip) {
  let text = '';
  let side: 'below' | 'right' = 'below';
  const set = (next: Tip) => {
    text = typeof next === 'string' ? next : (next?.text ?? '');
    side = (typeof next === 'object' && next?.side) || 'below';
  };
  set(value);
  const enter = () => {
    if (!text) return;
    clearTimeout(timer);
    timer = setTimeout(() => node.isConnected && show(node, text, side), performance.now() - warm < 400 ? 0 : 450);
  };
  const focus = () => node.matches(':focus-visible') && enter();
  node.addEventListener('pointerenter', enter);
  node.addEventListener('pointerleave', hide);
  node.addEventListener('pointerdown', hide);
  node.addEventListener('focus', focus);
  node.addEventListener('blur', hide);
  return {
    update: set,
    destroy() {
      hide();
      node.removeEventListener('pointerenter', enter);
      node.removeEventListener('pointerleave', hide);
      node.removeEventListener('pointerdown', hide);
      node.removeEventListener('focus', focus);
      node.removeEventListener('blur', hide);
    },
  };
}
